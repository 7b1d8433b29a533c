package org.sgquant.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Scales of a sparse packed matrix: those of all blocks one after another; or, for scales per row, their distinct values
 * with the index of each row's where that takes fewer bytes, as for bags of words divided by their length; or the codes of
 * rows that have some.
 *
 * @param codeBits bits of an index or row code, 0 where there is none
 */
record ScaleTable(float[] values, int[] codes, int codeBits) {

    static ScaleTable of(PackedMatrix x) {
        QuantScheme scheme = x.scheme();
        List<Float> all = new ArrayList<>();
        for (QuantScheme.Block block : scheme.blocks()) {
            for (float scale : block.params().scale().row(0)) {
                all.add(scale);
            }
        }
        if (scheme.granularity() == Granularity.ROW_CODE) {
            int[] rowCodes = rowCodes(x);
            return new ScaleTable(
                    floats(all),
                    rowCodes,
                    BitFields.widthOf(Arrays.stream(rowCodes).max().orElse(0)));
        }
        Map<Float, Integer> index = new LinkedHashMap<>();
        all.forEach(scale -> index.putIfAbsent(scale, index.size()));
        int codeBits = Math.max(1, BitFields.widthOf(Math.max(index.size() - 1, 0)));
        long bytes = BitFields.bytes(all.size(), codeBits) + 4L * index.size();
        if (scheme.granularity() != Granularity.ROW || bytes >= 4L * all.size()) {
            return new ScaleTable(floats(all), new int[0], 0);
        }
        return new ScaleTable(
                floats(List.copyOf(index.keySet())),
                all.stream().mapToInt(index::get).toArray(),
                codeBits);
    }

    private static int[] rowCodes(PackedMatrix x) {
        int[] codes = new int[x.rows()];
        for (int b = 0; b < x.scheme().blocks().size(); b++) {
            QuantScheme.Block block = x.scheme().blocks().get(b);
            for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                codes[r] = x.rowCode(b, r - block.rowStart());
            }
        }
        return codes;
    }

    private static float[] floats(List<Float> values) {
        float[] array = new float[values.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = values.get(i);
        }
        return array;
    }
}
