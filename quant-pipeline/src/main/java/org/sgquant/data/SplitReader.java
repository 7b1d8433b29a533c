package org.sgquant.data;

import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Reads a split from an npz file: per part one array named {@code train}, {@code train_idx}, {@code train_mask} or
 * {@code train_masks}; the other parts likewise with {@code val} or {@code validation}, and {@code test}.
 *
 * <p>Integers list nodes. Booleans of shape (N) are a mask; of shape (k, N), k masks to choose one from.
 */
final class SplitReader {

    private static final String[] SUFFIXES = {"", "_idx", "_mask", "_masks"};

    private final NpzFile npz;
    private final int nodes;
    private final int maskIndex;

    private SplitReader(NpzFile npz, int nodes, int maskIndex) {
        this.npz = npz;
        this.nodes = nodes;
        this.maskIndex = maskIndex;
    }

    /** A split and where it comes from. */
    record Found(Split split, String source) {}

    /** The split in {@code npz}, or nothing if it has no array for training nodes. */
    static Optional<Found> read(NpzFile npz, int nodes, int maskIndex) {
        SplitReader reader = new SplitReader(npz, nodes, maskIndex);
        return reader.name("train").map(train -> {
            String source = train.endsWith("_masks") ? "published mask " + maskIndex : "published split";
            return new Found(reader.split(train), source);
        });
    }

    private Split split(String train) {
        String validation = name("val")
                .or(() -> name("validation"))
                .orElseThrow(() -> npz.error("split", "arrays " + npz.names(), "one for validation nodes (val_idx)"));
        String test = name("test")
                .orElseThrow(() -> npz.error("split", "arrays " + npz.names(), "one for test nodes (test_idx)"));
        try {
            return new Split(nodes(train), nodes(validation), nodes(test));
        } catch (IllegalArgumentException e) {
            throw new FormatException(npz.file(), "split", e.getMessage(), "disjoint lists without repeats", e);
        }
    }

    private Optional<String> name(String part) {
        for (String suffix : SUFFIXES) {
            if (npz.has(part + suffix)) {
                return Optional.of(part + suffix);
            }
        }
        return Optional.empty();
    }

    private int[] nodes(String name) {
        NpyArray array = npz.get(name);
        if (array.type() != NpyType.B1) {
            return array.requireRank(1).ints(0, nodes - 1);
        }
        int masks = array.rank() == 1 ? 1 : array.requireRank(2).dim(0);
        if (array.dim(array.rank() - 1) != nodes) {
            throw array.error("shape " + array.shapeText(), nodes + " values per mask, one per node");
        }
        if (array.rank() == 2 && (maskIndex < 0 || maskIndex >= masks)) {
            throw array.error("mask index " + maskIndex, "0.." + (masks - 1));
        }
        boolean[] mask = array.booleans();
        int from = array.rank() == 2 ? maskIndex * nodes : 0;
        return IntStream.range(0, nodes).filter(node -> mask[from + node]).toArray();
    }
}
