package org.sgquant.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Reads a collection of graphs in the text form that GIN published TU sets in, out of a zip.
 *
 * <p>{@code NAME.txt}: the number of graphs; per graph a line {@code nodes label}, then a line
 * {@code tag degree neighbour ...} per node, neighbours counted from 0 within the graph and listed in both directions.
 * Labels and tags are renumbered in ascending order from 0. {@code 10fold_idx/train_idx-K.txt} and
 * {@code test_idx-K.txt} hold a graph per line, K from 1; where there are none, ten stratified folds are drawn.
 * Source: Xu et al., ICLR 2019.
 */
final class TuReader {

    private static final Pattern FOLD = Pattern.compile("(?:.*/)?10fold_idx/(train|test)_idx-([0-9]{1,3})\\.txt");
    private static final int FOLDS = 10;

    private final ZipFile zip;
    private final Path path;

    private TuReader(Path path, ZipFile zip) {
        this.path = path;
        this.zip = zip;
    }

    /** Errors: {@link FormatException} naming zip, entry and line. */
    static GraphCollection read(Path path, String name) {
        try (ZipFile zip = new ZipFile(path.toFile())) {
            return new TuReader(path, zip).read(name);
        } catch (IOException e) {
            throw FormatException.unreadable(path, "a readable zip", e);
        }
    }

    private GraphCollection read(String name) throws IOException {
        ZipEntry graphs = null;
        Map<Integer, ZipEntry> train = new TreeMap<>();
        Map<Integer, ZipEntry> test = new TreeMap<>();
        for (Enumeration<? extends ZipEntry> e = zip.entries(); e.hasMoreElements(); ) {
            ZipEntry entry = e.nextElement();
            Matcher fold = FOLD.matcher(entry.getName());
            if (entry.getName().startsWith("__MACOSX/")) {
                continue;
            }
            if (fold.matches()) {
                (fold.group(1).equals("train") ? train : test).put(Integer.parseInt(fold.group(2)), entry);
            } else if (entry.getName().endsWith(".txt")) {
                if (graphs != null) {
                    throw new FormatException(
                            path.toString(), "zip", graphs.getName() + " and " + entry.getName(), "one text of graphs");
                }
                graphs = entry;
            }
        }
        if (graphs == null) {
            throw new FormatException(path.toString(), "zip", "no text file", "NAME.txt with graphs");
        }
        if (!train.keySet().equals(test.keySet())) {
            throw new FormatException(
                    path.toString(),
                    "10fold_idx",
                    "train lists " + train.keySet() + " and test lists " + test.keySet(),
                    "both of each fold");
        }
        return new Text(lines(graphs)).collection(name, train, test);
    }

    private IntLines lines(ZipEntry entry) throws IOException {
        return IntLines.read(zip, entry, path + "/" + entry.getName());
    }

    /** The graphs while they are read. */
    private final class Text {
        private final IntLines in;
        private final int[] nodePtr;
        private final int[] labels;
        private int[] tags = new int[1 << 10];
        private int[] src = new int[1 << 10];
        private int[] dst = new int[1 << 10];
        private int nodes;
        private int edges;

        Text(IntLines in) {
            this.in = in;
            int count = in.line(1, 1)[0];
            if (count < 1 || count > in.bytes()) {
                throw in.error(count + " graphs", "at least 1 and no more than bytes");
            }
            nodePtr = new int[count + 1];
            labels = new int[count];
        }

        GraphCollection collection(String name, Map<Integer, ZipEntry> train, Map<Integer, ZipEntry> test)
                throws IOException {
            for (int g = 0; g < labels.length; g++) {
                readGraph(g);
            }
            in.requireEnd();
            int classes = renumber(labels, labels.length);
            int numTags = renumber(tags, nodes);
            List<GraphCollection.Fold> folds = new ArrayList<>();
            for (int k : train.keySet()) {
                folds.add(fold(lines(train.get(k)), lines(test.get(k))));
            }
            boolean published = !folds.isEmpty();
            return GraphCollection.of(
                    name,
                    nodePtr,
                    EdgeList.of(nodes, Arrays.copyOf(src, edges), Arrays.copyOf(dst, edges)),
                    Arrays.copyOf(tags, nodes),
                    numTags,
                    labels,
                    classes,
                    published ? List.copyOf(folds) : GraphCollection.stratified(labels, classes, FOLDS, 0),
                    published ? folds.size() + " published folds" : FOLDS + " stratified folds, seed 0");
        }

        private void readGraph(int g) {
            int[] head = in.line(2, 2);
            if (head[0] < 1 || head[0] > in.bytes()) {
                throw in.error(head[0] + " nodes", "at least 1 and no more than bytes");
            }
            labels[g] = head[1];
            int first = nodes;
            for (int v = 0; v < head[0]; v++) {
                int[] row = in.line(2, Integer.MAX_VALUE);
                if (row[1] != row.length - 2) {
                    throw in.error("degree " + row[1] + " and " + (row.length - 2) + " neighbours", "as many");
                }
                tags = grown(tags, nodes);
                tags[nodes] = row[0];
                for (int k = 2; k < row.length; k++) {
                    if (row[k] < 0 || row[k] >= head[0]) {
                        throw in.error("neighbour " + row[k], "0.." + (head[0] - 1));
                    }
                    src = grown(src, edges);
                    dst = grown(dst, edges);
                    src[edges] = first + row[k];
                    dst[edges++] = nodes;
                }
                nodes++;
            }
            nodePtr[g + 1] = nodes;
        }

        private GraphCollection.Fold fold(IntLines train, IntLines test) {
            boolean[] seen = new boolean[labels.length];
            GraphCollection.Fold fold = new GraphCollection.Fold(graphs(train, seen), graphs(test, seen));
            if (fold.train().length == 0 || fold.test().length == 0) {
                throw (fold.train().length == 0 ? train : test).error("no graph", "at least one");
            }
            return fold;
        }

        private int[] graphs(IntLines list, boolean[] seen) {
            IntStream.Builder graphs = IntStream.builder();
            while (list.hasMore()) {
                int g = list.line(1, 1)[0];
                if (g < 0 || g >= labels.length || seen[g]) {
                    throw list.error("graph " + g, "each of 0.." + (labels.length - 1) + " once per fold");
                }
                seen[g] = true;
                graphs.add(g);
            }
            return graphs.build().toArray();
        }
    }

    private static int[] grown(int[] array, int size) {
        return size < array.length ? array : Arrays.copyOf(array, 2 * size);
    }

    /** Replaces values by their rank among the distinct ones; returns how many there are. */
    private static int renumber(int[] values, int n) {
        int[] distinct = Arrays.stream(values, 0, n).sorted().distinct().toArray();
        for (int i = 0; i < n; i++) {
            values[i] = Arrays.binarySearch(distinct, values[i]);
        }
        return distinct.length;
    }
}
