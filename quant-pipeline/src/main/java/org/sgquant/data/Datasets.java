package org.sgquant.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.Memory;

/**
 * Finds datasets by name in a list of data folders, first match wins; {@code "synthetic"} is generated and needs none.
 *
 * <p>Errors: {@link NoSuchDatasetException} for a name that is unknown or not found, {@link FormatException} for a
 * damaged file. Never touches the network; {@link DatasetDownloader} does.
 */
public final class Datasets {

    /** Name of the generated default, {@link SyntheticCitationGraph#CORA_SIZED}. */
    public static final String SYNTHETIC = "synthetic";

    /** Name of the generated collection of graphs, {@link SyntheticGraphCollection#DEFAULT}. */
    public static final String SYNTHETIC_GRAPHS = "synthetic-graphs";

    /** Environment variable that names a data folder. */
    public static final String FOLDER_VARIABLE = "SGQUANT_DATA";

    private final List<Path> roots;

    public Datasets(List<Path> roots) {
        this.roots = List.copyOf(roots);
    }

    /** Looks in {@code dataDir} (may be null), then the folder SGQUANT_DATA names, then the cache folder. */
    public static Datasets standard(Path dataDir) {
        return new Datasets(searchPath(dataDir, System.getenv()));
    }

    /** Where datasets are looked for, in order; a folder need not exist. */
    public List<Path> folders() {
        return roots;
    }

    static List<Path> searchPath(Path dataDir, Map<String, String> environment) {
        List<Path> roots = new ArrayList<>();
        if (dataDir != null) {
            roots.add(dataDir);
        }
        String named = environment.getOrDefault(FOLDER_VARIABLE, "");
        if (!named.isEmpty()) {
            roots.add(Path.of(named));
        }
        roots.add(cacheFolder(environment));
        return roots;
    }

    /** Where downloads go: {@code $XDG_CACHE_HOME/sgquant} or {@code ~/.cache/sgquant}. */
    public static Path cacheFolder() {
        return cacheFolder(System.getenv());
    }

    private static Path cacheFolder(Map<String, String> environment) {
        String cache = environment.getOrDefault("XDG_CACHE_HOME", "");
        return (cache.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(cache))
                .resolve("sgquant");
    }

    /** Opens and checks a dataset; the caller closes it. */
    public Dataset open(String name, DatasetOptions options) {
        if (name.equals(SYNTHETIC)) {
            return SyntheticCitationGraph.CORA_SIZED.generate(options);
        }
        return open(known(name), options);
    }

    /** Whether {@code name} is a collection of graphs to classify as wholes, which {@link #openCollection} opens. */
    public static boolean isCollection(String name) {
        return name.equals(SYNTHETIC_GRAPHS)
                || KnownDataset.byName(name).map(KnownDataset::isCollection).orElse(false);
    }

    /** Opens and checks a collection of graphs. */
    public GraphCollection openCollection(String name) {
        if (!isCollection(name)) {
            throw new IllegalArgumentException(
                    "dataset '" + name + "' is a single graph, where a collection of graphs is needed");
        }
        if (name.equals(SYNTHETIC_GRAPHS)) {
            return SyntheticGraphCollection.DEFAULT.generate();
        }
        KnownDataset known = known(name);
        return known.readCollection(location(known));
    }

    Dataset open(KnownDataset known, DatasetOptions options) {
        requireSingleGraph(known);
        Path location = location(known);
        Dataset dataset = Dataset.of(known.name(), known.read(location, options), options);
        try {
            known.check(dataset, location);
        } catch (FormatException e) {
            dataset.close();
            throw e;
        }
        return dataset;
    }

    private static void requireSingleGraph(KnownDataset known) {
        if (known.isCollection()) {
            throw new IllegalArgumentException("dataset '" + known.name()
                    + "' is a collection of graphs to classify as wholes, where a single graph is needed");
        }
    }

    /** Only the cleaned edges of a dataset, in {@code memory}; works for sets whose features are incomplete too. */
    public CsrGraph topology(String name, Memory memory) {
        requireSingleGraph(known(name));
        Path location = location(known(name));
        EdgeList edges = location.toString().endsWith(".npz")
                ? NpzGraphReader.readEdges(location)
                : PlanetoidReader.read(location, known(name).name()).edges();
        return edges.clean(memory).graph();
    }

    /** Whether {@link #open} would find the dataset, without opening it. */
    public boolean isThere(String name) {
        return name.equals(SYNTHETIC)
                || name.equals(SYNTHETIC_GRAPHS)
                || find(known(name)).isPresent();
    }

    /** Every known dataset, with where it was found. */
    public List<DatasetInfo> list() {
        List<DatasetInfo> all = new ArrayList<>();
        all.add(SyntheticCitationGraph.CORA_SIZED.info());
        all.add(SyntheticGraphCollection.DEFAULT.info());
        KnownDataset.ALL.forEach(known -> all.add(known.info(find(known))));
        return all;
    }

    /** The dataset of that name or alias; an unknown name is answered with those nearest to it. */
    static KnownDataset known(String name) {
        return KnownDataset.byName(name).orElseThrow(() -> {
            List<String> names = new ArrayList<>(List.of(SYNTHETIC));
            KnownDataset.ALL.forEach(known -> names.add(known.name()));
            String hint = NearNames.question(name, names, "");
            return new NoSuchDatasetException("unknown dataset '" + name + "': " + (hint.isEmpty() ? "" : hint + " ")
                    + "known are " + String.join(", ", names));
        });
    }

    private Optional<Path> find(KnownDataset known) {
        return roots.stream().flatMap(root -> known.locate(root).stream()).findFirst();
    }

    private Path location(KnownDataset known) {
        return find(known).orElseThrow(() -> {
            String how = known.remote().isEmpty()
                    ? "it cannot be downloaded"
                    : "'sgquant datasets get " + known.name() + "' downloads it";
            return new NoSuchDatasetException("dataset '" + known.name() + "' not found in " + roots + " (as "
                    + known.folder() + "/" + known.npzFile() + "); " + how);
        });
    }
}
