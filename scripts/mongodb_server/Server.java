import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.AbstractMongoBackend;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/**
 * A MongoDB-compatible server on loopback, for tests.
 *
 * <p>Arguments: the port (0: any), and for a server that keeps its data a file. It prints the port
 * when it listens, and ends when its standard input does, so that it never outlives the tests.
 */
public final class Server {
    public static void main(String[] arguments) throws Exception {
        AbstractMongoBackend backend =
                arguments.length > 1 ? new H2Backend(arguments[1]) : new MemoryBackend();
        backend.version(new Version());
        MongoServer server = new MongoServer(backend);
        server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
        System.out.println(server.getLocalAddress().getPort());
        System.out.flush();
        while (System.in.read() >= 0) {}
        server.shutdownNow();
    }

    /** What DocumentDB 5.0 says of itself; the library's own versions are too old for today's clients. */
    private static final class Version implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(5, 0, 0);
        }

        @Override
        public int getWireVersion() {
            return 13;
        }
    }
}
