package org.sgquant.data;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Disjoint lists of nodes to train on, to choose checkpoints by and to report on; each ascending.
 *
 * <p>A node may be in none of them. Errors: {@link IllegalArgumentException} that names a node listed twice.
 */
public record Split(int[] train, int[] validation, int[] test) {

    public Split {
        train = IntStream.of(train).sorted().toArray();
        validation = IntStream.of(validation).sorted().toArray();
        test = IntStream.of(test).sorted().toArray();
        int[] all = all(train, validation, test);
        for (int i = 1; i < all.length; i++) {
            if (all[i] == all[i - 1]) {
                throw new IllegalArgumentException("node " + all[i] + " listed twice");
            }
        }
    }

    private static int[] all(int[]... parts) {
        return Stream.of(parts).flatMapToInt(IntStream::of).sorted().toArray();
    }

    /** All nodes of the three lists, ascending. */
    public int[] all() {
        return all(train, validation, test);
    }

    /** Shuffles the labelled nodes: 60 % train, 20 % validation, the rest test. */
    static Split random(int[] labels, long seed) {
        int[] nodes = shuffledLabelled(labels, seed);
        int train = (int) (nodes.length * 6L / 10);
        int validation = (int) (nodes.length * 8L / 10);
        return new Split(
                Arrays.copyOfRange(nodes, 0, train),
                Arrays.copyOfRange(nodes, train, validation),
                Arrays.copyOfRange(nodes, validation, nodes.length));
    }

    /**
     * Shuffles the labelled nodes and takes, of every class, the first {@code train} and the next {@code validation};
     * the others are test. A class too small for both gives what it has, train first.
     */
    static Split perClass(int[] labels, int train, int validation, long seed) {
        int[] nodes = shuffledLabelled(labels, seed);
        int[] seen = new int[IntStream.of(labels).max().orElse(-1) + 1];
        int[] part = new int[labels.length];
        for (int node : nodes) {
            int rank = seen[labels[node]]++;
            part[node] = rank < train ? 0 : rank < train + validation ? 1 : 2;
        }
        return new Split(pick(nodes, part, 0), pick(nodes, part, 1), pick(nodes, part, 2));
    }

    private static int[] pick(int[] nodes, int[] part, int wanted) {
        return IntStream.of(nodes).filter(node -> part[node] == wanted).toArray();
    }

    private static int[] shuffledLabelled(int[] labels, long seed) {
        int[] nodes = IntStream.range(0, labels.length)
                .filter(node -> labels[node] >= 0)
                .toArray();
        return shuffle(nodes, new Random(seed));
    }

    /** Shuffles in place. java.util.Random specifies its sequence, so a seed means the same order everywhere. */
    static int[] shuffle(int[] values, Random random) {
        for (int i = values.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = values[i];
            values[i] = values[j];
            values[j] = swapped;
        }
        return values;
    }

    /** The same lists under other node numbers. */
    Split mapped(IntUnaryOperator newNumber) {
        return new Split(
                IntStream.of(train).map(newNumber).toArray(),
                IntStream.of(validation).map(newNumber).toArray(),
                IntStream.of(test).map(newNumber).toArray());
    }
}
