package org.sgquant.experiment;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sgquant.model.QuantizedModel;
import org.sgquant.report.Json;
import org.sgquant.search.SearchSpace;
import org.sgquant.train.TrainConfig;

/**
 * {@code seconds(bits) = base + sum over cells of (cell at its width - cell at its width in the base)}: the time of a packed inference, predicted
 * from times measured on this machine, each with one cell at another width than in the base.
 *
 * <p>In the base every cell has the middle one of its widths. A cell's time thus belongs to the shape and the place that
 * the cell has in this model on this graph, fused kernels included; what two cells save together beyond what each saves
 * alone is not seen.
 *
 * @param machine what the times were measured on and for
 * @param baseSeconds of the base, the least of its measurements
 * @param seconds by cell, then by id of the width
 */
public record LatencyTable(
        @JsonProperty(required = true) String machine,
        @JsonProperty(required = true) double baseSeconds,
        @JsonProperty(required = true) Map<String, Map<Integer, Double>> seconds) {

    private static final int ROUNDS = 3;

    /** Predicted seconds of one packed inference. */
    public double of(SearchSpace space, List<Integer> bits) {
        double sum = baseSeconds;
        for (int i = 0; i < bits.size(); i++) {
            SearchSpace.Dimension dimension = space.dimensions().get(i);
            Map<Integer, Double> ofCell = seconds.get(dimension.cell());
            sum += ofCell.get(bits.get(i)) - ofCell.get(middle(dimension));
        }
        return Math.max(sum, 0);
    }

    private static int middle(SearchSpace.Dimension dimension) {
        return dimension.choices().get(dimension.choices().size() / 2);
    }

    /** The table in {@code file}, measured and written there if it has none for {@code machine}. */
    static LatencyTable cached(
            Path file, String machine, Experiment experiment, Experiment.Trained start, BitSpace space) {
        if (Files.exists(file)) {
            LatencyTable table = Json.read(file, LatencyTable.class);
            if (table.machine.equals(machine)) {
                return table;
            }
        }
        LatencyTable table = measure(machine, experiment, start, space);
        Path part = file.resolveSibling(
                file.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(part, Json.write(table));
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be written: " + e.getMessage(), e);
        }
        return table;
    }

    /** Measures every width of every cell, the others as in the base, in rounds over all of them. */
    static LatencyTable measure(String machine, Experiment experiment, Experiment.Trained start, BitSpace space) {
        List<SearchSpace.Dimension> dimensions = space.space().dimensions();
        List<Integer> base = dimensions.stream().map(LatencyTable::middle).toList();
        List<List<Integer>> configurations = new ArrayList<>();
        for (int i = 0; i < dimensions.size(); i++) {
            for (int width : dimensions.get(i).choices()) {
                List<Integer> bits = new ArrayList<>(base);
                bits.set(i, width);
                configurations.add(bits);
            }
        }
        double[] seconds = measure(experiment, start, space, configurations);
        Map<String, Map<Integer, Double>> table = new LinkedHashMap<>();
        int at = 0;
        for (SearchSpace.Dimension dimension : dimensions) {
            Map<Integer, Double> ofCell = new TreeMap<>();
            for (int width : dimension.choices()) {
                ofCell.put(width, seconds[at++]);
            }
            table.put(dimension.cell(), ofCell);
        }
        double baseSeconds = dimensions.stream()
                .mapToDouble(dimension -> table.get(dimension.cell()).get(middle(dimension)))
                .min()
                .orElseThrow();
        return new LatencyTable(machine, baseSeconds, table);
    }

    private static double[] measure(
            Experiment experiment, Experiment.Trained start, BitSpace space, List<List<Integer>> configurations) {
        double[][] times = new double[configurations.size()][ROUNDS];
        experiment.warmUp(start, space.uniform(), TrainConfig.FINE_TUNE);
        experiment.lanes().run(lane -> {
            try (TrialMemory known = new TrialMemory(lane.backend())) {
                for (int round = 0; round < ROUNDS; round++) {
                    for (int i = 0; i < times.length; i++) {
                        times[i][round] = seconds(experiment, lane, start, space, configurations.get(i), known);
                    }
                }
                return null;
            }
        });
        return Arrays.stream(times)
                .mapToDouble(rounds -> Arrays.stream(rounds).min().orElseThrow())
                .toArray();
    }

    private static double seconds(
            Experiment experiment,
            Lanes.Lane lane,
            Experiment.Trained start,
            BitSpace space,
            List<Integer> bits,
            TrialMemory known) {
        try (QuantizedModel model = experiment.calibrated(lane, start, space.assignment(bits), known)) {
            return Latency.inRounds(model.inference()::runOnly);
        }
    }
}
