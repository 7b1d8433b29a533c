package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sgquant.model.Model;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellShape;
import org.sgquant.quant.Component;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.quant.QuantConfig;
import org.sgquant.search.SearchSpace;
import org.sgquant.tensor.BitWidth;

/**
 * The bit assignments of a model as points of a {@link SearchSpace}: one dimension per cell, or per cell and degree
 * bucket where buckets are given; and their exact size, which needs no measuring.
 */
public final class BitSpace {

    private record Slot(CellShape shape, int bucket) {}

    private final List<Slot> slots = new ArrayList<>();
    private final List<SearchSpace.Dimension> dimensions = new ArrayList<>();
    private final Model model;
    private final DegreeBuckets buckets;
    private final DegreeBlocks blocks;
    private final QuantConfig config;

    /**
     * Every cell of {@code model}: the features choose among {@code featureBits}, other cells among those of
     * {@code innerBits} that they can have; ids of widths both.
     */
    public BitSpace(
            Model model,
            DegreeBuckets buckets,
            int[] degrees,
            QuantConfig config,
            List<Integer> featureBits,
            List<Integer> innerBits) {
        this.model = model;
        this.buckets = buckets;
        this.blocks = DegreeBlocks.of(buckets, degrees);
        this.config = config;
        for (CellShape shape : model.cells()) {
            Cell cell = shape.cell();
            boolean features = QuantConfig.isFeatures(cell);
            boolean perBucket =
                    buckets.count() > 1 && !features && !cell.component().isWeight();
            for (int b = 0; b < (perBucket ? buckets.count() : 1); b++) {
                slots.add(new Slot(shape, perBucket ? b : -1));
                dimensions.add(new SearchSpace.Dimension(
                        perBucket ? cell + "[" + b + "]" : cell.toString(),
                        features ? featureBits : choices(cell, innerBits)));
            }
        }
    }

    /** Widths of {@code innerBits} that {@code cell} can have. */
    private List<Integer> choices(Cell cell, List<Integer> innerBits) {
        List<Integer> widths =
                innerBits.stream().filter(bits -> takes(cell, bits)).toList();
        if (widths.isEmpty()) {
            BitWidth first = BitWidth.ofId(innerBits.get(0));
            if (cell.component().isWeight()) {
                config.weights().requireWidth(first);
            } else {
                BitAssignment.of(Map.of(cell, List.of(first)), DegreeBuckets.NONE);
            }
        }
        return widths;
    }

    /** Components take what their kind can have, weights what their form can, too. */
    private boolean takes(Cell cell, int bits) {
        BitWidth width = BitWidth.ofId(bits);
        Component component = cell.component();
        return component.takes(width)
                && (!component.isWeight() || config.weights().takes(width));
    }

    /** The dimensions by name, for those who read trials without the model. */
    public StudyNotes.Space names() {
        return new StudyNotes.Space(
                dimensions.stream().map(SearchSpace.Dimension::cell).toList(),
                Arrays.stream(buckets.splits()).boxed().toList());
    }

    public SearchSpace space() {
        return new SearchSpace(dimensions);
    }

    /** The assignment that {@code bits}, one width per dimension, stands for. */
    public BitAssignment assignment(List<Integer> bits) {
        Map<Cell, List<BitWidth>> widths = new LinkedHashMap<>();
        for (int i = 0; i < slots.size(); i++) {
            widths.computeIfAbsent(slots.get(i).shape().cell(), c -> new ArrayList<>())
                    .add(BitWidth.ofId(bits.get(i)));
        }
        return BitAssignment.of(widths, buckets);
    }

    /** Every cell at the same width, as far as it has it. */
    List<BitAssignment> uniform() {
        return space().uniform().stream().map(this::assignment).toList();
    }

    /** Dimension {@code i} at {@code bits}, all others at {@code rest}. */
    BitAssignment assignment(int i, int bits, int rest) {
        List<Integer> widths = new ArrayList<>();
        for (int j = 0; j < slots.size(); j++) {
            widths.add(widthOrFp32(j, rest));
        }
        widths.set(i, bits);
        return assignment(widths);
    }

    /** Dimension {@code i} at {@code rest}, all others as {@code bits} says. */
    BitAssignment assignmentBut(int i, List<Integer> bits, int rest) {
        List<Integer> widths = new ArrayList<>(bits);
        widths.set(i, widthOrFp32(i, rest));
        return assignment(widths);
    }

    /** fp32 where the cell cannot have {@code bits}. */
    private int widthOrFp32(int i, int bits) {
        return takes(cell(i), bits) ? bits : BitWidth.FP32.id();
    }

    Cell cell(int i) {
        return slots.get(i).shape().cell();
    }

    /** Whether dimension {@code i} is of one degree bucket among several. */
    boolean isPerBucket(int i) {
        return slots.get(i).bucket() >= 0;
    }

    /** The degree bucket that dimension {@code i} is of, 0 where it is of all. */
    int bucket(int i) {
        return Math.max(slots.get(i).bucket(), 0);
    }

    /** Values that dimension {@code i} gives the width of. */
    long values(int i) {
        CellShape shape = slots.get(i).shape();
        if (slots.get(i).bucket() < 0) {
            return shape.values();
        }
        int b = slots.get(i).bucket();
        return shape.cell().component() == Component.ATTENTION
                ? shape.values() / Arrays.stream(blocks.edges()).sum() * blocks.edges()[b]
                : (long) (blocks.bounds()[b + 1] - blocks.bounds()[b]) * shape.cols();
    }

    /** Stored bytes of all cells under {@code assignment}, with or without the features; 32-bit cells count 4 a value. */
    public long storedBytes(BitAssignment assignment, boolean withFeatures) {
        PredictedCells cells = new PredictedCells(model, config, assignment, blocks, null);
        return model.cells(assignment).stream()
                .filter(shape -> withFeatures || !QuantConfig.isFeatures(shape.cell()))
                .flatMap(shape -> cells.parts(shape).stream())
                .mapToLong(PredictedCells.Part::storedBytes)
                .sum();
    }
}
