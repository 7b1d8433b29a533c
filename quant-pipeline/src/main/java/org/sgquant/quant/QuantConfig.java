package org.sgquant.quant;

import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.SoftmaxOrder;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Rounding;

/**
 * How the cells of a model are quantized, apart from their widths.
 *
 * <p>{@code features*} apply to the input features, whose row-wise ranges are lossless for bag-of-words rows;
 * {@code inner*} to everything computed from them; edge weights always have the range [0, maximum] of a bucket;
 * {@code weights} have a scale per column, or are powers of two or sums of signs.
 * {@code featuresForm} is how the codes of the features are stored;
 * {@code clipMask} zeroes the straight-through gradient outside the range, and of signs (calibration SIGN, multi-bit
 * weights) outside [-1, 1], as Bi-GCN has it: their range is a mean, which half of all values exceed; {@code qat} is what fine-tuning does beyond.
 */
public record QuantConfig(
        Granularity featuresGranularity,
        Calibration featuresCalibration,
        Granularity innerGranularity,
        Calibration innerCalibration,
        Rounding rounding,
        boolean clipMask,
        FeaturesForm featuresForm,
        QatConfig qat,
        WeightConfig weights) {

    public static final QuantConfig DEFAULT = new QuantConfig(
            Granularity.ROW,
            Calibration.ROW_MEAN,
            Granularity.COLUMN,
            Calibration.MSE,
            Rounding.NEAREST,
            false,
            FeaturesForm.DENSE,
            QatConfig.OFF,
            WeightConfig.DEFAULT);

    /**
     * Codes of attention stand for {@code exp(score - max)}: divided afterwards, the weights of a row add up to 1 at any
     * width, whatever its degree. Codes of the shares themselves round those of long rows to 0.
     */
    public static final SoftmaxOrder SOFTMAX_ORDER = SoftmaxOrder.ROUND_THEN_DIVIDE;

    public QuantConfig withFeaturesGranularity(Granularity granularity) {
        return new QuantConfig(
                granularity,
                featuresCalibration,
                innerGranularity,
                innerCalibration,
                rounding,
                clipMask,
                featuresForm,
                qat,
                weights);
    }

    public QuantConfig withFeaturesForm(FeaturesForm form) {
        return new QuantConfig(
                featuresGranularity,
                featuresCalibration,
                innerGranularity,
                innerCalibration,
                rounding,
                clipMask,
                form,
                qat,
                weights);
    }

    public QuantConfig withQat(QatConfig options) {
        return new QuantConfig(
                featuresGranularity,
                featuresCalibration,
                innerGranularity,
                innerCalibration,
                rounding,
                clipMask,
                featuresForm,
                options,
                weights);
    }

    /** Granularity of weights: one scale per output column, or none but 1 where codes mean powers of two or signs. */
    public Granularity granularity(Cell cell) {
        if (cell.component().isWeight()) {
            return weights.isAffine() ? Granularity.COLUMN : Granularity.TENSOR;
        }
        return isFeatures(cell) ? featuresGranularity : innerGranularity;
    }

    public Calibration calibration(Cell cell) {
        if (cell.component().isWeight()) {
            return weights.calibration();
        }
        return isFeatures(cell) ? featuresCalibration : innerCalibration;
    }

    /** Whether {@code cell} is the input of the first layer. */
    public static boolean isFeatures(Cell cell) {
        return cell.layer() == 1 && cell.component() == Component.EMBEDDING;
    }
}
