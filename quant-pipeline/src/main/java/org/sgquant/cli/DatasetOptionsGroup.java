package org.sgquant.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.sgquant.data.Dataset;
import org.sgquant.data.DatasetDownloader;
import org.sgquant.data.Datasets;
import org.sgquant.data.LabelNoise;
import org.sgquant.experiment.Recipe;
import picocli.CommandLine.Option;

/** Options that say which graph. */
final class DatasetOptionsGroup {

    @Option(
            names = {"-d", "--dataset"},
            paramLabel = "NAME",
            description = "Graph by name; see 'sgquant datasets' (default: ${DEFAULT-VALUE}, generated).")
    String dataset = Datasets.SYNTHETIC;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Folder with datasets; else $SGQUANT_DATA, else the cache folder.")
    Path dataDir;

    @Option(names = "--download", description = "Fetch the dataset from its publisher if it is not found.")
    boolean download;

    @Option(names = "--edges", paramLabel = "FILE", description = "Your own graph: csv of src,dst or npz.")
    Path edges;

    @Option(names = "--features", paramLabel = "FILE", description = "Your own graph: npy or npz, a row per node.")
    Path features;

    @Option(names = "--labels", paramLabel = "FILE", description = "Your own graph: npy or csv, a class per node.")
    Path labels;

    @Option(names = "--split", paramLabel = "FILE", description = "Your own graph: npz of train, val, test.")
    Path split;

    @Option(names = "--mask", paramLabel = "K", description = "Which of several published splits (default: 0).")
    int mask;

    @Option(names = "--split-seed", paramLabel = "N", description = "Seed of a split that is drawn (default: 0).")
    long splitSeed;

    @Option(names = "--no-normalize", description = "Do not divide feature rows by their sum.")
    boolean noNormalize;

    @Option(
            names = "--label-noise",
            paramLabel = "RATE[:SEED]",
            description = "Replace this share of the labels to train and to validate on by other classes; test labels"
                    + " stay (default: none).")
    String labelNoise;

    /** The data part of a recipe. */
    Recipe.Data recipe() {
        if (edges == null && (features != null || labels != null || split != null)) {
            throw new IllegalArgumentException("a graph of your own needs --edges and --features");
        }
        if (edges != null && features == null) {
            throw new IllegalArgumentException("--edges needs --features: one row per node");
        }
        String name = edges == null ? dataset : "files";
        return new Recipe.Data(
                name,
                text(edges),
                text(features),
                text(labels),
                text(split),
                !noNormalize,
                mask,
                splitSeed,
                labelNoise == null ? null : LabelNoise.parse(labelNoise));
    }

    /** Takes over what {@code section} of a recipe says and no option does; another graph than its own has none of its files. */
    void apply(JsonNode section, Predicate<String> given) {
        if (!given.test("--dataset") && !given.test("--edges")) {
            dataset = section.path("name").asText(dataset);
            edges = path(section, "edges", edges);
            features = given.test("--features") ? features : path(section, "features", features);
            labels = given.test("--labels") ? labels : path(section, "labels", labels);
            split = given.test("--split") ? split : path(section, "split", split);
        }
        if (!given.test("--no-normalize")) {
            noNormalize = !section.path("normalizeRows").asBoolean(!noNormalize);
        }
        if (!given.test("--mask")) {
            mask = section.path("mask").asInt(mask);
        }
        if (!given.test("--split-seed")) {
            splitSeed = section.path("splitSeed").asLong(splitSeed);
        }
        JsonNode noise = section.path("labelNoise");
        if (noise.isObject() && !given.test("--label-noise")) {
            labelNoise =
                    noise.path("rate").asDouble() + ":" + noise.path("seed").asLong();
        }
    }

    private static Path path(JsonNode section, String key, Path otherwise) {
        return section.hasNonNull(key) ? Path.of(section.get(key).textValue()) : otherwise;
    }

    private static String text(Path path) {
        return path == null ? null : path.toAbsolutePath().normalize().toString();
    }

    /** Opens {@code data}, fetching it first where that was asked for. */
    Dataset open(Recipe.Data data, Console console) {
        Datasets datasets = Datasets.standard(dataDir);
        if (download && data.edges() == null && !datasets.isThere(data.name())) {
            new DatasetDownloader(console::info).get(data.name(), Datasets.cacheFolder());
        }
        Dataset opened = data.open(datasets);
        console.info(opened + "; " + opened.splitSource());
        console.info("graph: " + opened.cleaning());
        return opened;
    }
}
