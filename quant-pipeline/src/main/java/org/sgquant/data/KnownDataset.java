package org.sgquant.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A published dataset: its counts, where its files lie in a data folder, and where its publisher keeps them.
 *
 * <p>Layout of a data folder: {@code folder/npzFile}, or {@code folder/raw/ind.NAME.*} for Planetoid sets. A collection
 * of graphs is a zip.
 *
 * @param edges directed entries after cleaning
 * @param remote files of the published form; empty if it cannot be downloaded
 */
record KnownDataset(
        String name,
        String alias,
        String folder,
        String npzFile,
        int nodes,
        int edges,
        int features,
        int classes,
        String publisher,
        List<RemoteFile> remote,
        String note) {

    /**
     * A published file.
     *
     * @param path below the host of the published files
     * @param target below the dataset's folder
     * @param sha256 checksum in hex, or nothing where none is known: then the counts above are what is checked
     */
    record RemoteFile(String path, String target, Optional<String> sha256) {}

    private static final String PLANETOID = "https://github.com/kimiyoung/planetoid";
    private static final String SHCHUR = "https://github.com/shchur/gnn-benchmark";
    private static final String YANDEX = "https://github.com/yandex-research/heterophilous-graphs";
    private static final String GIN = "https://github.com/weihua916/powerful-gnns";
    private static final List<String> PARTS = List.of("x", "y", "tx", "ty", "allx", "ally", "graph", "test.index");

    private static final Map<String, String> CORA = Map.of(
            "allx", "9419ba2f26f5c35243db64aba110e0f35a04851609e0dc5433450676ca6b8543",
            "ally", "2b998f5cc7fedc86e7f97ca2498f47a1ffc1462c29e2d578b23bf3f62b6e7d71",
            "graph", "58f13302f39dde8852dad6fe6d15b89b077b6d7f837626bce671ef80344b383d",
            "test.index", "297ce89af2b51a6a194181c7dbe1796c6a1cf9cd9349a88383b1b1e227867875",
            "tx", "b9afbaa4a400df991f6f02ef677e1e44da55ffc04801fd02f9e673987829226a",
            "ty", "41f5ac76596a1699cc33f53084a2419e92961c42bb75f36fc38e616d348532ad",
            "x", "23cfa55d91c6f624233f5eb7b6e3f141f1bd2b2ae39608a63cf5d084bb27baab",
            "y", "94465c14eb53e04ca262198dcbb2521ee8af60fb3f3d546cd6ca24a511b0e7d1");

    private static final Map<String, String> CITESEER = Map.of(
            "allx", "2ac30345d95c9ec933a817ee0bdd6a5f077f8c184a20e696910192d534414668",
            "ally", "f704b2d986dde6c2669934de1f3ae5696a6cf9455c0f6b2646a2d135ea0a1c95",
            "graph", "d79a4ef9d3e7169aee8946145f6b7306e35bc79bffad26346cfb94e10e9912a7",
            "test.index", "2af990671580b6b2df5d158d1038f8292e30c9cd821b5453f399659b25b723d4",
            "tx", "539a8906a2da97628d212f2fdd668c109a8b3f0d36574b59e5d3fd5b5303da21",
            "ty", "55e5bd1ba1e733a04598753ad1a8d57957f4b8f89e74519f41f4f4938767e4ce",
            "x", "d20de19150741e555de0ed037195630fc194114ebc7fd72ced62810148aa22f6",
            "y", "8ba87e515d8e3ee3cf52f6d2c5b86aa73f11ecad825a808455209ec26cd54924");

    /** Checksums are pinned for the files we hold as published; the other sets are verified by their counts. */
    static final List<KnownDataset> ALL = List.of(
            planetoid("cora", 2708, 10556, 1433, 7, CORA),
            planetoid("citeseer", 3327, 9104, 3703, 6, CITESEER),
            planetoid("pubmed", 19717, 88648, 500, 3, Map.of()),
            new KnownDataset(
                    "amazon-computers",
                    "computers",
                    "amazon_computers",
                    "amazon_computers.npz",
                    13752,
                    491722,
                    767,
                    10,
                    SHCHUR,
                    npz(
                            "shchur/gnn-benchmark/master/data/npz/amazon_electronics_computers.npz",
                            "amazon_computers.npz"),
                    ""),
            heterophilous("tolokers", 11758, 1038000, 10, 2),
            heterophilous("actor", 7600, 53318, 932, 5),
            new KnownDataset(
                    "pubmed-topology",
                    "pubmed-topology",
                    "pubmed_topology",
                    "pubmed_partial.npz",
                    19717,
                    88648,
                    500,
                    3,
                    PLANETOID,
                    List.of(),
                    "edges only: the features of most nodes are missing"),
            collection("reddit-binary", "REDDIT-BINARY", 2000, 859254, 1991016, 1),
            collection("mutag", "MUTAG", 188, 3371, 7442, 7));

    private static KnownDataset planetoid(
            String name, int nodes, int edges, int features, int classes, Map<String, String> sha256) {
        Function<String, RemoteFile> file = part -> new RemoteFile(
                "kimiyoung/planetoid/master/data/ind." + name + "." + part,
                "raw/ind." + name + "." + part,
                Optional.ofNullable(sha256.get(part)));
        List<RemoteFile> remote = PARTS.stream().map(file).toList();
        return new KnownDataset(
                name, name, name, name + ".npz", nodes, edges, features, classes, PLANETOID, remote, "");
    }

    private static KnownDataset heterophilous(String name, int nodes, int edges, int features, int classes) {
        List<RemoteFile> remote = npz("yandex-research/heterophilous-graphs/main/data/" + name + ".npz", name + ".npz");
        return new KnownDataset(name, name, name, name + ".npz", nodes, edges, features, classes, YANDEX, remote, "");
    }

    /** Graphs of two classes to classify as wholes, in a zip. */
    private static KnownDataset collection(String name, String file, int graphs, int nodes, int edges, int tags) {
        String folder = name.replace('-', '_');
        String note = graphs + " graphs to classify";
        return new KnownDataset(name, folder, folder, file + ".zip", nodes, edges, tags, 2, GIN, List.of(), note);
    }

    /** Whether this is many graphs to classify as wholes, read by {@link #readCollection}. */
    boolean isCollection() {
        return npzFile.endsWith(".zip");
    }

    /** Reads and checks the collection that {@link #locate} found. */
    GraphCollection readCollection(Path location) {
        GraphCollection graphs = TuReader.read(location, name);
        check(location, "nodes", graphs.numNodes(), nodes);
        check(location, "directed edges", graphs.numEdges(), edges);
        check(location, "tags", graphs.numTags(), features);
        check(location, "classes", graphs.numClasses(), classes);
        return graphs;
    }

    private static List<RemoteFile> npz(String path, String target) {
        return List.of(new RemoteFile(path, target, Optional.empty()));
    }

    static Optional<KnownDataset> byName(String name) {
        return ALL.stream()
                .filter(known -> known.name.equals(name) || known.alias.equals(name))
                .findFirst();
    }

    /** The npz file or else the raw folder of this set below {@code root}. */
    Optional<Path> locate(Path root) {
        Path npz = root.resolve(folder).resolve(npzFile);
        if (Files.isRegularFile(npz)) {
            return Optional.of(npz);
        }
        Path raw = root.resolve(folder).resolve("raw");
        return Files.isRegularFile(raw.resolve("ind." + name + ".graph")) ? Optional.of(raw) : Optional.empty();
    }

    /** Reads what {@link #locate} found. */
    GraphData read(Path location, DatasetOptions options) {
        return Files.isDirectory(location)
                ? PlanetoidReader.read(location, name)
                : NpzGraphReader.read(location, options);
    }

    /** Requires the counts that the set is known to have; errors name {@code location}. */
    void check(Dataset dataset, Path location) {
        check(location, "nodes", dataset.numNodes(), nodes);
        check(location, "directed edges", dataset.graph().numEdges(), edges);
        check(location, "features", dataset.numFeatures(), features);
        check(location, "classes", dataset.numClasses(), classes);
    }

    private static void check(Path location, String what, int got, int expected) {
        if (got != expected) {
            throw new FormatException(location.toString(), what, Integer.toString(got), Integer.toString(expected));
        }
    }

    DatasetInfo info(Optional<Path> location) {
        return new DatasetInfo(name, nodes, edges, features, classes, location, publisher, note);
    }
}
