"""The words of the records: platforms, projects, people, structures, strains.

Field names, abbreviations and acronyms are those of the field; people and projects are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extract.sample.draw import Quantiles


@dataclass(frozen=True)
class Platform:
    """A kind of experiment: what its sessions, names and processing look like."""

    key: str
    prefix: str
    share: float  # of all records
    sessions: Quantiles  # per subject
    modalities: tuple[tuple[str, ...], ...]
    instruments: tuple[str, ...]
    acquisition_types: tuple[str, ...]
    projects: tuple[str, ...]
    chains: tuple[tuple[str, ...], ...]  # processing steps after each other, by their number
    process_types: tuple[str, ...]
    pipeline: str


_ONE_OR_TWO: Quantiles = ((0, 1), (0.9, 1), (1, 2))
_SOME: Quantiles = ((0, 1), (0.5, 3), (0.9, 7), (1, 14))
_MANY: Quantiles = ((0, 1), (0.5, 8), (0.9, 30), (1, 80))
_IMAGING_PROCESSES = (
    "Image flat-field correction",
    "Image destriping",
    "Image tile alignment",
    "Image tile fusing",
    "Image atlas alignment",
    "Image cell segmentation",
    "File format conversion",
)
_BEHAVIOR_CHAINS = (("processed",), ("videoprocessed", "dlc_face"), ("processed", "nwb", "qc"))
_FORAGING_TYPES = (
    "Uncoupled Baiting",
    "Coupled Without Baiting",
    "Coupled Baiting",
    "Uncoupled Without Baiting",
)

PLATFORMS = (
    Platform(
        key="smartspim",
        prefix="SmartSPIM",
        share=0.17,
        sessions=_ONE_OR_TWO,
        modalities=(("SPIM",),),
        instruments=(
            "440_SmartSPIM1_20250116",
            "SmartSPIM1-7",
            "SmartSPIM-2-1",
            "440_SmartSPIM2_2024-03-25",
            "440_SmartSPIM1_240325",
            "HexaRig1",  # not an exaSPIM, though it reads `exa`
        ),
        acquisition_types=("Imaging session",),
        projects=("Thalamus Survey", "Cell Type LUT", "Cell Type Lookup Table", "Genetic Tools"),
        # The last one is a trap: a name that contains `stitched` and is not the stitched asset.
        chains=(
            ("stitched",),
            ("flatfield-correction", "stitched"),
            ("flatfield-correction", "stitched", "alignment"),
        ),
        process_types=_IMAGING_PROCESSES,
        pipeline="SmartSPIM stitching and registration",
    ),
    Platform(
        key="exaspim",
        prefix="exaSPIM",
        share=0.05,
        sessions=_ONE_OR_TWO,
        modalities=(("SPIM",),),
        instruments=("exaSPIM1-01", "440_exa-SPIM1_20240611", "440_exaSPIM2_20250116"),
        acquisition_types=("Imaging session", "ExaSPIM"),
        projects=("Whole-brain Morphology", "Thalamus Survey"),
        chains=(
            ("fused",),
            ("flatfield-correction", "fused"),
            ("flatfield-correction", "alignment", "fused"),
        ),
        process_types=_IMAGING_PROCESSES,
        pipeline="exaSPIM fusion",
    ),
    Platform(
        key="dynamic_foraging",
        prefix="behavior",
        share=0.09,
        sessions=_MANY,
        modalities=(
            ("behavior", "behavior-videos"),
            ("behavior-videos", "behavior"),
            ("behavior",),
        ),
        instruments=("447_2D_20241023", "446-8C_20251222", "447_1A_250325", "323_EPHYS1"),
        acquisition_types=_FORAGING_TYPES,
        projects=("Behavior Platform", "Viral Genetic Tools", "Genetic Perturbation Platform"),
        chains=_BEHAVIOR_CHAINS,
        process_types=("Other", "Pipeline", "Video ROI timeseries extraction"),
        pipeline="Dynamic foraging processing",
    ),
    Platform(
        key="vr",
        prefix="behavior",
        share=0.08,
        sessions=_MANY,
        modalities=(
            ("behavior", "behavior-videos"),
            ("behavior-videos", "behavior"),
            ("behavior",),
        ),
        instruments=("13A", "4A", "426_5A_20250612", "426_4D_2024-12-02"),
        acquisition_types=("AindVrForaging",),
        projects=("Patch Foraging",),
        chains=_BEHAVIOR_CHAINS,
        process_types=("Pipeline", "Other"),
        pipeline="VR foraging packaging",
    ),
    Platform(
        key="dynamic_routing",
        prefix="behavior",
        share=0.07,
        sessions=_MANY,
        modalities=(("behavior", "behavior-videos"), ("behavior",)),
        instruments=("342_BEHDEV.B-1_20240401", "342_BEHDEV.B-4_20240401", "NP3"),
        acquisition_types=(
            "training session with behavioral task data (day 31), without precise timing",
            "STAGE_1",
            "DynamicRouting",
        ),
        projects=("Dynamic Routing",),
        chains=_BEHAVIOR_CHAINS,
        process_types=("Other", "Pipeline"),
        pipeline="Dynamic Routing NWB packaging",
    ),
    Platform(
        key="ecephys",
        prefix="ecephys",
        share=0.2,
        sessions=_SOME,
        modalities=(
            ("ecephys", "behavior-videos", "behavior"),
            ("ecephys", "behavior-videos"),
            ("ecephys",),
        ),
        instruments=(
            "323_EPHYS1_OPTO_2023-06-07",
            "323_EPHYS1-OPTO_001",
            "323_EPHYS3",
            "323_EPHYS1_20250922",
        ),
        acquisition_types=("Optotagging", "Receptive field mapping", "Spontaneous activity"),
        projects=("Ephys Platform", "Thalamus Survey", "Medulla Circuits"),
        chains=(("sorted",), ("sorted", "curated-jdoe"), ("sorted-ks25", "curated-jdoe", "nwb")),
        process_types=(
            "Ephys preprocessing",
            "Spike sorting",
            "Ephys postprocessing",
            "Ephys curation",
            "Ephys visualization",
        ),
        pipeline="Ephys pipeline - kilosort4_1.0.0",
    ),
    Platform(
        key="pophys",
        prefix="multiplane-ophys",
        share=0.2,
        sessions=_SOME,
        modalities=(("pophys", "behavior-videos"), ("pophys",), ("behavior", "pophys")),
        instruments=("422_MESO2_20241017", "429_MESO1_2026-01-22", "442_Bergamo_2p_photostim"),
        acquisition_types=("OPHYS_2_images_A_passive", "STAGE_1", "TRAINING_5_images_A_epilogue"),
        projects=("Learning in Visual Cortex", "Open Scope", "Brain Computer Interface"),
        chains=(("processed",), ("processed", "nwb"), ("processed", "nwb", "qc")),
        process_types=(
            "Video motion correction",
            "Video plane decrosstalk",
            "Video ROI timeseries extraction",
            "dF/F estimation",
            "Fluorescence event detection",
            "Image cell classification",
        ),
        pipeline="Multiplane ophys pipeline",
    ),
    Platform(
        key="fib",
        prefix="behavior",
        share=0.11,
        sessions=_SOME,
        modalities=(
            ("behavior", "fib"),
            ("fib", "behavior"),
            ("behavior", "behavior-videos", "fib"),
            ("fib",),
        ),
        instruments=("FIP.13A_20250401", "447_FIP2_20250612", "FIP_Rig3"),
        acquisition_types=_FORAGING_TYPES,
        projects=(
            "Neuromodulator Dynamics during Foraging - Subproject 1 Fiber Photometry of Four "
            "Neuromodulators During Learning and Expert Performance",
            "Neuromodulator Dynamics - Subproject 1 Fiber Photometry",
        ),
        chains=(("processed",), ("processed", "nwb"), ("processed", "nwb", "qc")),
        process_types=("dF/F estimation", "Pipeline"),
        pipeline="Fiber photometry processing",
    ),
    Platform(
        key="slap2",
        prefix="SLAP2",
        share=0.02,
        sessions=_SOME,
        modalities=(("slap2", "behavior"), ("slap2",)),
        instruments=("SLAP2_1", "SLAP2-2_20250612"),
        acquisition_types=("slap2",),
        projects=("Ophys Platform - SLAP2",),
        chains=(("processed",), ("processed", "nwb"), ("processed", "nwb", "qc")),
        process_types=("Video motion correction", "dF/F estimation"),
        pipeline="SLAP2 extraction",
    ),
    Platform(
        key="barseq",
        prefix="barseq",
        share=0.01,
        sessions=_ONE_OR_TWO,
        modalities=(("BARseq",), ()),
        instruments=("Dogwood",),
        acquisition_types=("BarcodeSequencing",),
        projects=("unknown",),
        chains=(("processed",), ("processed", "qc"), ("processed", "qc", "nwb")),
        process_types=("Image importing", "Other"),
        pipeline="BARseq processing",
    ),
)

MODALITY_NAMES = {
    "SPIM": "Selective plane illumination microscopy",
    "behavior": "Behavior",
    "behavior-videos": "Behavior videos",
    "ecephys": "Extracellular electrophysiology",
    "pophys": "Planar optical physiology",
    "fib": "Fiber photometry",
    "slap2": "Random access projection microscopy",
    "BARseq": "Barcode sequencing",
}

# `Jane` is short for exactly one of them, `Alex` for two.
PEOPLE = (
    "Jane Doe",
    "Zoë Müller",
    "Alex Novak",
    "Alex Petrov",
    "Tomás Okafor",
    "Priya Raman",
    "Mei-Ling Zhao",
    "Liam O'Hara",
    "Ingrid Lindqvist",
    "Samir Haddad",
    "Carla de la Fuente",
    "Noor van Dijk",
)

GENOTYPES = (
    "wt/wt",
    "wt/wt",
    "wt/wt ",
    "Dbh-Cre-KI/wt",
    "Chat-IRES-Cre-neo/wt",
    "Chat-IRES-Cre/wt",
    "Sert-FlpO/wt;Ai65(RCFL-tdT)/wt",
    "Slc32a1-IRES-Cre/wt;Oi1(TIT2L-jGCaMP8s-WPRE-ICL-IRES-tTA2)/wt",
    "Vip-IRES-Cre/wt;Ai14(RCL-tdT)/wt",
)

STRUCTURES = {
    "ACB": ("Nucleus accumbens", "56"),
    "PL": ("Prelimbic area", "972"),
    "BLA": ("Basolateral amygdalar nucleus", "295"),
    "VTA": ("Ventral tegmental area", "749"),
    "ORBl": ("Orbital area, lateral part", "723"),
    "VISp": ("Primary visual area", "385"),
    "MRN": ("Midbrain reticular nucleus", "128"),
    "root": ("root", "997"),
}

# Construct names; the fourth is the third in another spelling, the last a lot code.
MATERIALS = (
    "AAV-hSyn-dLight1.3b",
    "AAV5-hSynapsin1-FLEx-axon-GCaMP6s",
    "pAAV-Ef1a-DIO-ChRmine-eYFP-WPRE",
    "pAAV-Ef1a-DIO ChRmine-eYFP-WPRE",
    "AAV9-hSyn-GRAB-5HT3.0",
    "VT5122G",
)
NO_MATERIAL = "(v1v2 upgrade) No injection material provided"

ROR = "Research Organization Registry (ROR)"


def organization(name: str, abbreviation: str | None, identifier: str | None) -> dict[str, object]:
    """Write an organization as every section does."""
    return {
        "name": name,
        "abbreviation": abbreviation,
        "registry": ROR if identifier else None,
        "registry_identifier": identifier,
    }


AIND = organization("Allen Institute for Neural Dynamics", "AIND", "04szwah67")
AIBS = organization("Allen Institute for Brain Science", "AIBS", "00dcv1019")


def modality(abbreviation: str) -> dict[str, str]:
    """Write a modality as every section does."""
    return {"name": MODALITY_NAMES[abbreviation], "abbreviation": abbreviation}


def modalities(abbreviations: tuple[str, ...]) -> list[dict[str, str]]:
    """Write modalities in the order they are given."""
    return [modality(abbreviation) for abbreviation in abbreviations]


def structure(acronym: str) -> dict[str, str]:
    """Write a brain structure."""
    name, identifier = STRUCTURES[acronym]
    return {"atlas": "CCFv3", "name": name, "acronym": acronym, "id": identifier}


def described_by(section: str) -> str:
    """Name the schema of a section."""
    base = "https://raw.githubusercontent.com/AllenNeuralDynamics/aind-data-schema/main/src"
    return f"{base}/aind_data_schema/core/{section}.py"
