package org.sgquant.perf;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import org.sgquant.data.Dataset;
import org.sgquant.data.DatasetOptions;
import org.sgquant.data.Datasets;
import org.sgquant.data.DownloadException;
import org.sgquant.data.FormatException;
import org.sgquant.data.NoSuchDatasetException;
import org.sgquant.experiment.Experiment;
import org.sgquant.experiment.Lanes;
import org.sgquant.kernels.DenseLibrary;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.model.GcnConfig;
import org.sgquant.quant.QuantConfig;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.train.TrainConfig;

/**
 * Times dense products, and training with them, by sgquant's own kernels and by a library, and prints Markdown tables.
 *
 * <p>The two take turns in one process, so that what else the machine does hits both alike; medians are told.
 */
public final class DenseTraining {

    /** Rows, depth and columns: the first layer of Cora, hidden 16 and 64, and that of PubMed. */
    private static final int[][] PRODUCTS = {{2708, 1433, 16}, {2708, 1433, 64}, {19717, 500, 64}};

    private static final int WARM_UP_PRODUCTS = 40;
    private static final int PRODUCT_SAMPLES = 101;
    private static final int WARM_UP_RUNS = 2;
    private static final int RUN_SAMPLES = 7;

    private DenseTraining() {}

    /** Arguments: the library, then datasets below {@code SGQUANT_DATA} as {@code NAME:EPOCHS}. */
    public static void main(String[] args) {
        List<String> runs = List.of(args).subList(Math.min(1, args.length), args.length);
        String data = System.getenv("SGQUANT_DATA");
        if (args.length == 0 || !runs.stream().allMatch(run -> run.matches(".+:\\d{1,6}"))) {
            System.err.println("usage: dense-training LIBRARY [DATASET:EPOCHS ...]");
            System.exit(2);
        }
        if (data == null && !runs.isEmpty()) {
            System.err.println("dense-training: SGQUANT_DATA is not set: it names the folder of the datasets");
            System.exit(5);
        }
        try {
            tables(DenseLibrary.find(args[0]), data, runs);
        } catch (NoSuchDatasetException | FormatException | DownloadException e) {
            System.err.println("dense-training: " + e.getMessage());
            System.exit(5);
        } catch (IllegalArgumentException | DeviceUnavailableException e) {
            System.err.println("dense-training: " + e.getMessage());
            System.exit(4);
        }
    }

    private static void tables(DenseLibrary library, String data, List<String> runs) {
        String name = library.name();
        int[] threadCounts = Runtime.getRuntime().availableProcessors() == 1 ? new int[] {1} : new int[] {1, cores()};
        System.out.printf(
                Locale.ROOT,
                "Machine: %s, %d cores, JDK %s.%n%n",
                System.getProperty("os.arch"),
                cores(),
                Runtime.version());
        System.out.println("| product | threads | own ms | " + name + " ms | " + name + " / own |");
        System.out.println("|---|--:|--:|--:|--:|");
        for (int[] shape : PRODUCTS) {
            for (int threads : threadCounts) {
                product(shape, threads, library);
            }
        }
        System.out.println();
        System.out.println("| training | threads | own s | " + name + " s | " + name + " / own | own test % | " + name
                + " test % |");
        System.out.println("|---|--:|--:|--:|--:|--:|--:|");
        for (String run : runs) {
            int colon = run.lastIndexOf(':');
            int epochs = Integer.parseInt(run.substring(colon + 1));
            try (Dataset dataset =
                    Datasets.standard(Path.of(data)).open(run.substring(0, colon), DatasetOptions.DEFAULT)) {
                for (int threads : threadCounts) {
                    training(dataset, epochs, threads, library);
                }
            }
        }
    }

    private static int cores() {
        return Runtime.getRuntime().availableProcessors();
    }

    private static void product(int[] shape, int threads, DenseLibrary library) {
        try (CpuBackend own = new CpuBackend(threads);
                CpuBackend other = new CpuBackend(threads, library);
                HostMemory memory = new HostMemory()) {
            FloatMatrix a = RandomOperands.normal(memory, shape[0], shape[1]);
            FloatMatrix b = RandomOperands.normal(memory, shape[1], shape[2]);
            FloatMatrix c = FloatMatrix.allocate(memory, shape[0], shape[2]);
            double[] medians = medians(
                    WARM_UP_PRODUCTS,
                    PRODUCT_SAMPLES,
                    () -> seconds(() -> own.dense().gemm(a, false, b, false, c)),
                    () -> seconds(() -> other.dense().gemm(a, false, b, false, c)));
            System.out.printf(
                    Locale.ROOT,
                    "| %d x %d x %d | %d | %.3f | %.3f | %.2f |%n",
                    shape[0],
                    shape[1],
                    shape[2],
                    threads,
                    medians[0] * 1e3,
                    medians[1] * 1e3,
                    medians[1] / medians[0]);
        }
    }

    private static double seconds(Runnable call) {
        long start = System.nanoTime();
        call.run();
        return (System.nanoTime() - start) / 1e9;
    }

    private static void training(Dataset dataset, int epochs, int threads, DenseLibrary library) {
        List<Experiment.Trained> results = new ArrayList<>();
        try (Lanes own = new Lanes(dataset, 1, lane -> new CpuBackend(threads));
                Lanes other = new Lanes(dataset, 1, lane -> new CpuBackend(threads, library))) {
            double[] medians = medians(
                    WARM_UP_RUNS, RUN_SAMPLES, () -> train(own, epochs, results), () -> train(other, epochs, results));
            System.out.printf(
                    Locale.ROOT,
                    "| %s, %d epochs | %d | %.3f | %.3f | %.2f | %.2f | %.2f |%n",
                    dataset.name(),
                    epochs,
                    threads,
                    medians[0],
                    medians[1],
                    medians[1] / medians[0],
                    results.get(0).test().accuracy(),
                    results.get(1).test().accuracy());
        }
    }

    private static double train(Lanes lanes, int epochs, List<Experiment.Trained> results) {
        Experiment experiment = new Experiment(
                lanes,
                GcnConfig.DEFAULT,
                TrainConfig.of(GcnConfig.DEFAULT).withEpochs(epochs),
                TrainConfig.FINE_TUNE,
                QuantConfig.DEFAULT);
        Experiment.Trained trained = experiment.train(0, 1, t -> {}).get(0);
        results.add(trained);
        return trained.seconds();
    }

    /** Medians of two calls that take turns. */
    private static double[] medians(int warmUp, int samples, DoubleSupplier first, DoubleSupplier second) {
        double[] a = new double[samples];
        double[] b = new double[samples];
        for (int i = -warmUp; i < samples; i++) {
            double secondsOfFirst = first.getAsDouble();
            double secondsOfSecond = second.getAsDouble();
            if (i >= 0) {
                a[i] = secondsOfFirst;
                b[i] = secondsOfSecond;
            }
        }
        Arrays.sort(a);
        Arrays.sort(b);
        return new double[] {a[samples / 2], b[samples / 2]};
    }
}
