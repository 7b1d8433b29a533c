package org.sgquant.data;

/**
 * How a dataset is opened.
 *
 * @param normalizeRows divide every feature row by the sum of its magnitudes
 * @param maskIndex which of several published splits to take, where a file has more than one
 * @param splitSeed seed of the split, where a file has none
 * @param labelNoise noise to put into the labels to train and to validate on, or null
 */
public record DatasetOptions(boolean normalizeRows, int maskIndex, long splitSeed, LabelNoise labelNoise) {

    public static final DatasetOptions DEFAULT = new DatasetOptions(true, 0, 0, null);

    public DatasetOptions withNormalizeRows(boolean value) {
        return new DatasetOptions(value, maskIndex, splitSeed, labelNoise);
    }

    public DatasetOptions withMaskIndex(int value) {
        return new DatasetOptions(normalizeRows, value, splitSeed, labelNoise);
    }

    public DatasetOptions withSplitSeed(long value) {
        return new DatasetOptions(normalizeRows, maskIndex, value, labelNoise);
    }

    public DatasetOptions withLabelNoise(LabelNoise value) {
        return new DatasetOptions(normalizeRows, maskIndex, splitSeed, value);
    }
}
