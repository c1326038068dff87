// Search runs in a worker, which browsers refuse to pages of a folder: there it runs in a hidden frame.
if (location.protocol === "file:") {
  class IFrameWorker extends EventTarget {
    constructor(address) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "search";
      document.body.append(frame);
      this.window = frame.contentWindow;
      // What the program of a worker calls.
      this.window.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      this.window.importScripts = (...addresses) =>
        addresses.reduce((before, each) => before.then(() => this.load(each)), Promise.resolve());
      this.ready = this.load(address);
    }

    load(address) {
      return new Promise((resolve, reject) => {
        const script = this.window.document.createElement("script");
        script.src = address;
        script.onload = resolve;
        script.onerror = reject;
        this.window.document.body.append(script);
      });
    }

    postMessage(data) {
      this.ready = this.ready.then(() => this.window.dispatchEvent(new MessageEvent("message", { data })));
    }

    terminate() {
      this.window.frameElement.remove();
    }
  }
  window.IFrameWorker = window.Worker = IFrameWorker;
}
