package org.sgquant.data;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A graph of six nodes in the published layouts. Listed edges: 0-1 both ways, 0-1 again, 1-2, 3-3, 4-3; node 5 is
 * isolated. Features 6 x 5 with a zero row for node 5. Classes 0 1 0 1 0 1.
 */
final class Fixtures {

    static final double[] LABELS = {0, 1, 0, 1, 0, 1};

    private Fixtures() {}

    /** The CSR layout; one feature row lists its columns out of order. */
    static Map<String, byte[]> csr() {
        Map<String, byte[]> arrays = new LinkedHashMap<>();
        arrays.put("adj_data", Npy.floats(1, 1, 1, 1, 1, 1));
        arrays.put("adj_indices", Npy.of("<i4", false, new int[] {6}, 1, 1, 0, 2, 3, 3));
        arrays.put("adj_indptr", Npy.of("<i4", false, new int[] {7}, 0, 2, 4, 4, 5, 6, 6));
        arrays.put("adj_shape", Npy.longs(6, 6));
        arrays.put("attr_data", Npy.floats(1, 3, 1, 2, 1, 1));
        arrays.put("attr_indices", Npy.of("<i4", false, new int[] {6}, 0, 4, 2, 1, 3, 0));
        arrays.put("attr_indptr", Npy.of("<i4", false, new int[] {7}, 0, 1, 3, 4, 5, 6, 6));
        arrays.put("attr_shape", Npy.longs(6, 5));
        arrays.put("labels", Npy.longs(LABELS));
        arrays.put("train_idx", Npy.longs(1, 0));
        arrays.put("val_idx", Npy.longs(2, 3));
        arrays.put("test_idx", Npy.longs(4));
        return arrays;
    }

    /** The edge-list layout with two sets of masks. */
    static Map<String, byte[]> edgeList() {
        Map<String, byte[]> arrays = new LinkedHashMap<>();
        arrays.put("node_features", Npy.of("<f4", false, new int[] {6, 5}, features()));
        arrays.put("node_labels", Npy.longs(LABELS));
        // Fortran order: all sources, then all targets.
        arrays.put("edges", Npy.of("<i8", true, new int[] {6, 2}, 0, 0, 1, 1, 3, 4, 1, 1, 0, 2, 3, 3));
        int[] shape = {2, 6};
        arrays.put("train_masks", Npy.mask(shape, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0));
        arrays.put("val_masks", Npy.mask(shape, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1));
        arrays.put("test_masks", Npy.mask(shape, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0));
        return arrays;
    }

    static double[] features() {
        return new double[] {
            1, 0, 0, 0, 0, //
            0, 0, 1, 0, 3, //
            0, 2, 0, 0, 0, //
            0, 0, 0, 1, 0, //
            1, 0, 0, 0, 0, //
            0, 0, 0, 0, 0
        };
    }
}
