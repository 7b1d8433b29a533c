package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.sgquant.report.RankCorrelation;
import org.sgquant.report.SensitivityReport;
import org.sgquant.search.SearchSpace;
import org.sgquant.tensor.BitWidth;

/** What follows from the rows of {@link Sensitivity}: which cells matter most, and how well estimates rank them. */
public final class SensitivityTable {

    /** Cells that the recipe spares. */
    private static final int SPARED = 5;

    private static final int NARROW = 4;
    private static final int WIDE = 8;

    private SensitivityTable() {}

    /** {@code recipe} gives the YAML of a recipe with given bits. */
    public static SensitivityReport of(
            String dataset,
            String dataSha256,
            ModelSettings model,
            int seeds,
            double fp32Validation,
            BitSpace space,
            List<Sensitivity.Row> rows,
            UnaryOperator<String> recipe) {
        List<SearchSpace.Dimension> dimensions = space.space().dimensions();
        List<String> most = dimensions.stream()
                .sorted(Comparator.comparingDouble(d -> -row(rows, d).divergence()))
                .limit(SPARED)
                .map(SearchSpace.Dimension::cell)
                .toList();
        List<Integer> bits = new ArrayList<>();
        for (SearchSpace.Dimension d : dimensions) {
            bits.add(most.contains(d.cell()) ? WIDE : NARROW);
        }
        String spared = space.assignment(bits).toString();
        return new SensitivityReport(
                dataset,
                dataSha256,
                model.name(),
                model.values(),
                seeds,
                fp32Validation,
                rows.stream().map(SensitivityTable::cell).toList(),
                new SensitivityReport.Correlations(
                        correlation(rows, Sensitivity.Row::divergence),
                        correlation(rows, Sensitivity.Row::curvature),
                        correlation(rows, Sensitivity.Row::fisher)),
                most,
                spared,
                recipe.apply(spared));
    }

    /** The row of the width at which cells are told apart. */
    private static Sensitivity.Row row(List<Sensitivity.Row> rows, SearchSpace.Dimension dimension) {
        int width = nearest(dimension, NARROW);
        return rows.stream()
                .filter(r -> r.cell().equals(dimension.cell()) && r.bits() == width)
                .findFirst()
                .orElseThrow();
    }

    /** The choice nearest to width {@code id} in bits: itself if it is one, else the first of equally near ones. */
    static int nearest(SearchSpace.Dimension dimension, int id) {
        int bits = BitWidth.ofId(id).bits();
        return dimension.choices().contains(id)
                ? id
                : dimension.choices().stream()
                        .min(Comparator.comparingInt(
                                choice -> Math.abs(BitWidth.ofId(choice).bits() - bits)))
                        .orElseThrow();
    }

    /** Of cells at one width, mean over the widths; over the same cells for every estimate, so without the features. */
    private static Double correlation(List<Sensitivity.Row> rows, ToDoubleFunction<Sensitivity.Row> estimate) {
        Map<Integer, List<Sensitivity.Row>> byWidth = rows.stream()
                .filter(r -> !Double.isNaN(r.trace()))
                .collect(Collectors.groupingBy(Sensitivity.Row::bits));
        double mean = byWidth.values().stream()
                .mapToDouble(cells -> RankCorrelation.of(
                        cells.stream().map(estimate::applyAsDouble).toList(),
                        cells.stream().map(Sensitivity.Row::onlyThisDrop).toList()))
                .filter(rho -> !Double.isNaN(rho))
                .average()
                .orElse(Double.NaN);
        return finite(mean);
    }

    private static Double finite(double value) {
        return Double.isNaN(value) ? null : value;
    }

    private static SensitivityReport.Cell cell(Sensitivity.Row r) {
        return new SensitivityReport.Cell(
                r.cell(),
                BitWidth.ofId(r.bits()),
                r.onlyThisDrop(),
                r.allButThisDrop(),
                r.divergence(),
                r.squaredError(),
                finite(r.trace()),
                finite(r.curvature()),
                finite(r.fisher()));
    }
}
