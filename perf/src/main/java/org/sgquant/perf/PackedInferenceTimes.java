package org.sgquant.perf;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.sgquant.autograd.StageCache;
import org.sgquant.data.Dataset;
import org.sgquant.data.DatasetOptions;
import org.sgquant.data.Datasets;
import org.sgquant.data.GraphFiles;
import org.sgquant.experiment.Lanes;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.ModelSizes;
import org.sgquant.model.PackedInference;
import org.sgquant.model.Parameters;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.quant.QuantConfig;

/**
 * Times packed inference of a GCN of two layers that nobody has trained, which takes as long as one of a trained one, and
 * tells the bytes that it allocates.
 */
public final class PackedInferenceTimes {

    private static final int LEAST_RUNS = 5;

    private PackedInferenceTimes() {}

    /** Arguments: a dataset or a folder that GenerateGraph wrote with {@code --training}, hidden units, bits, threads, seconds. */
    public static void main(String[] args) {
        if (args.length != 5 || !Arrays.stream(args, 1, 5).allMatch(a -> a.matches("\\d{1,4}"))) {
            System.err.println("usage: packed-inference DATASET|FOLDER HIDDEN BITS THREADS SECONDS");
            System.exit(2);
        }
        int threads = Integer.parseInt(args[3]);
        try (Dataset dataset = open(args[0]);
                Lanes lanes = new Lanes(dataset, 1, lane -> new CpuBackend(threads))) {
            String line = lanes.run(lane -> {
                GraphInput input = lane.input(DegreeBuckets.NONE);
                GcnConfig of = GcnConfig.DEFAULT;
                Model model = new GcnConfig(
                                of.layers(),
                                Integer.parseInt(args[1]),
                                of.dropout(),
                                of.weightDecay(),
                                of.norm(),
                                of.order())
                        .create(ModelSizes.of(input));
                BitAssignment bits = BitAssignment.parse(args[2], model.cellNames(), dataset.degrees());
                try (Parameters parameters = new Parameters(model.parameters(), lane.backend());
                        StageCache none = new StageCache(lane.backend(), 0)) {
                    parameters.initialize(0);
                    try (QuantizedModel packed = new QuantizedModel(
                            model, input, parameters, bits, QuantConfig.DEFAULT, null, lane.backend())) {
                        packed.calibrate(none, "untrained");
                        return measured(packed.pack(), Double.parseDouble(args[4]));
                    }
                }
            });
            System.out.println(String.join(" ", args) + ": " + line);
        }
    }

    private static Dataset open(String name) {
        Path folder = Path.of(name);
        if (folder.resolve("edges.npz").toFile().exists()) {
            GraphFiles files = new GraphFiles(
                    folder.resolve("edges.npz"), folder.resolve("features.npy"), folder.resolve("labels.npy"), null);
            return files.open(name, DatasetOptions.DEFAULT);
        }
        String data = System.getenv("SGQUANT_DATA");
        return new Datasets(data == null ? List.of() : List.of(Path.of(data))).open(name, DatasetOptions.DEFAULT);
    }

    /** Median, 10th and 90th percentile of the runs of the latter half of {@code seconds}, and what is allocated. */
    private static String measured(PackedInference inference, double seconds) {
        run(inference, seconds / 2);
        double[] times = run(inference, seconds / 2);
        Arrays.sort(times);
        return String.format(
                Locale.ROOT,
                "%.3f ms (%.3f to %.3f), %d runs, %d peak bytes",
                times[times.length / 2],
                times[times.length / 10],
                times[times.length * 9 / 10],
                times.length,
                inference.peakBytes());
    }

    private static double[] run(PackedInference inference, double seconds) {
        double[] times = new double[1 << 16];
        int runs = 0;
        for (double spent = 0; runs < times.length && (runs < LEAST_RUNS || spent < seconds * 1e3); runs++) {
            long start = System.nanoTime();
            inference.runOnly();
            times[runs] = (System.nanoTime() - start) / 1e6;
            spent += times[runs];
        }
        return Arrays.copyOf(times, runs);
    }
}
