package org.sgquant.perf.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sgquant.data.Dataset;
import org.sgquant.experiment.BitSearch;
import org.sgquant.experiment.BitSpace;
import org.sgquant.experiment.Experiment;
import org.sgquant.experiment.Fp32Inference;
import org.sgquant.experiment.Lanes;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.ModelSizes;
import org.sgquant.model.Parameters;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.quant.QuantConfig;
import org.sgquant.search.Bounds;
import org.sgquant.search.Objective;
import org.sgquant.search.RandomSearch;
import org.sgquant.search.SearchSettings;
import org.sgquant.search.Study;
import org.sgquant.train.TrainConfig;
import org.sgquant.train.Trainer;

/** What a user waits for and pays in memory: training, inference and search of a GCN of two layers on one graph. */
final class EndToEnd {

    private static final int BITS = 4;
    private static final int EPOCHS = 20;

    /**
     * One graph by one library.
     *
     * @param peer the library, null for sgquant
     * @param epochsPerSecond of fp32 training, validation included
     * @param inferenceMs median of one inference in fp32
     * @param packedInferenceMs the same, packed at {@code bits} in every cell
     * @param ratioFp32 our inference in fp32 over the fastest one of this row
     * @param trialsPerMinute of a random search without fine-tuning, trials side by side on all threads
     * @param peakHeapBytes of the Java heap while all this ran, garbage included, without what peers need
     * @param peakOffHeapBytes of tensors, those of the graph included, without what peers need
     * @param peakDeviceBytes null where no device computes
     * @param packedPeakBytes what packed inference allocates: slab, logits, packed tensors
     */
    record Result(
            String model,
            String shape,
            int threads,
            String peer,
            Double epochsPerSecond,
            Double inferenceMs,
            Integer bits,
            Double packedInferenceMs,
            Double ratioFp32,
            Double trialsPerMinute,
            Long peakHeapBytes,
            Long peakOffHeapBytes,
            Long peakDeviceBytes,
            Long packedPeakBytes) {

        static List<String> columns() {
            return BenchTables.names(Result.class);
        }

        /** Column by column as tables have it; nothing for null. */
        Map<String, String> cells() {
            Map<String, String> cells = new LinkedHashMap<>();
            cells.put("model", model);
            cells.put("shape", shape);
            cells.put("threads", String.valueOf(threads));
            cells.put("peer", peer == null ? "" : peer);
            cells.put("epochsPerSecond", Numbers.text(epochsPerSecond));
            cells.put("inferenceMs", Numbers.text(inferenceMs));
            cells.put("bits", bits == null ? "" : bits.toString());
            cells.put("packedInferenceMs", Numbers.text(packedInferenceMs));
            cells.put("ratioFp32", Numbers.text(ratioFp32));
            cells.put("trialsPerMinute", Numbers.text(trialsPerMinute));
            cells.put("peakHeapBytes", text(peakHeapBytes));
            cells.put("peakOffHeapBytes", text(peakOffHeapBytes));
            cells.put("peakDeviceBytes", text(peakDeviceBytes));
            cells.put("packedPeakBytes", text(packedPeakBytes));
            return cells;
        }

        private static String text(Long value) {
            return value == null ? "" : value.toString();
        }
    }

    /**
     * How much of it.
     *
     * @param trainings of {@link #EPOCHS} epochs, the median of which counts
     * @param trials of the search
     */
    record Size(Rounds rounds, int trainings, int trials) {

        static final Size SHORT = new Size(Rounds.within(1.5, 5, 100).warmingUp(1500), 3, 12);
        static final Size LONG = new Size(Rounds.within(5, 11, 500).warmingUp(3000), 7, 60);

        private static final int LEAST_TRAININGS = 3;
        private static final double TRAINING_WARM_UP = 1000;

        Size before(Deadline deadline) {
            return new Size(rounds.before(deadline), trainings, trials);
        }

        /** Rounds of trainings that are {@code each} samples; inference is what waits for the compiler, once. */
        Rounds training(int each) {
            int most = trainings * each;
            return Rounds.within(Double.POSITIVE_INFINITY, Math.min(LEAST_TRAININGS, most), most)
                    .warmingUp(TRAINING_WARM_UP)
                    .settled()
                    .before(rounds.deadline());
        }
    }

    private final Dataset dataset;
    private final int threads;
    private final List<KernelBench.PeerOn> peers;
    private final Size size;
    private final Findings findings;

    EndToEnd(Dataset dataset, int threads, List<KernelBench.PeerOn> peers, Size size, Findings findings) {
        this.findings = findings;
        this.dataset = dataset;
        this.threads = threads;
        this.peers = peers;
        this.size = size;
    }

    /** Our row, then one for each peer that has a part of it. */
    List<Result> run(String shape) {
        MemoryPeak peak = MemoryPeak.begin();
        try (Lanes lanes = new Lanes(dataset, 1, lane -> new CpuBackend(threads))) {
            Experiment experiment = experiment(lanes);
            Experiment.Trained trained = experiment.train(0, 1, t -> {}).get(0);
            return lanes.run(lane -> {
                double epochs = epochsPerSecond(lane);
                return inference(shape, lane, experiment, trained, epochs, peak);
            });
        }
    }

    private static Experiment experiment(Lanes lanes) {
        return new Experiment(
                lanes,
                GcnConfig.DEFAULT,
                TrainConfig.of(GcnConfig.DEFAULT).withEpochs(EPOCHS),
                TrainConfig.FINE_TUNE.withEpochs(0),
                QuantConfig.DEFAULT);
    }

    private double epochsPerSecond(Lanes.Lane lane) {
        GraphInput input = lane.input(DegreeBuckets.NONE);
        Model model = GcnConfig.DEFAULT.create(ModelSizes.of(input));
        TrainConfig config = TrainConfig.of(GcnConfig.DEFAULT).withEpochs(EPOCHS);
        try (Parameters parameters = new Parameters(model.parameters(), lane.backend());
                Trainer trainer = new Trainer(model, input, parameters, null, lane.backend())) {
            parameters.initialize(0);
            Timed timed = new Timed(() -> trainer.train(config, 0));
            size.training(1).run(List.of(timed));
            return EPOCHS / timed.median() * 1e3;
        }
    }

    private List<Result> inference(
            String shape,
            Lanes.Lane lane,
            Experiment experiment,
            Experiment.Trained trained,
            double epochs,
            MemoryPeak peak) {
        BitAssignment bits = experiment.parse(String.valueOf(BITS));
        try (Fp32Inference fp32 = new Fp32Inference(experiment.model(), lane, trained);
                QuantizedModel packed =
                        experiment.fineTuned(lane, trained, bits, TrainConfig.FINE_TUNE.withEpochs(0))) {
            var inference = packed.pack();
            fp32.run();
            inference.runOnly();
            Double trials = size.trials() == 0 ? null : trialsPerMinute(trained);
            long packedPeak = inference.peakBytes();
            // What peers allocate from here on is not ours.
            long heap = peak.heap();
            long offHeap = peak.offHeap();
            Timed ours = new Timed(fp32::run);
            Timed quantized = new Timed(inference::runOnly);
            List<Result> rows;
            try (GcnPeers gcn = new GcnPeers(shape, lane, trained, peers, findings)) {
                gcn.keepTheRight(fp32.logits());
                List<Timed> all = gcn.inferences();
                all.add(ours);
                all.add(quantized);
                size.rounds().run(all);
                rows = gcn.results(ours.median(), size.training(EPOCHS));
            }
            rows.addFirst(new Result(
                    "gcn",
                    shape,
                    threads,
                    null,
                    Numbers.rounded(epochs, 2),
                    Numbers.rounded(ours.median(), 4),
                    BITS,
                    Numbers.rounded(quantized.median(), 4),
                    Numbers.rounded(ours.median() / quantized.median(), 3),
                    trials,
                    heap,
                    offHeap,
                    null,
                    packedPeak));
            return rows;
        }
    }

    /** Trials side by side, one per thread, as {@code sgquant search} runs them. */
    private double trialsPerMinute(Experiment.Trained trained) {
        try (Lanes lanes = new Lanes(dataset, threads, lane -> new CpuBackend(1));
                Study warmUp = Study.inMemory();
                Study study = Study.inMemory()) {
            search(lanes, trained, warmUp, 2 * threads, 1);
            long start = System.nanoTime();
            search(lanes, trained, study, size.trials(), 0);
            return Numbers.rounded(size.trials() * 60e9 / (System.nanoTime() - start), 1);
        }
    }

    private void search(Lanes lanes, Experiment.Trained trained, Study study, int trials, long seed) {
        Experiment experiment = experiment(lanes);
        BitSpace space = new BitSpace(
                experiment.model(),
                DegreeBuckets.NONE,
                dataset.degrees(),
                QuantConfig.DEFAULT,
                List.of(1, 2, 4, 8),
                List.of(1, 2, 3, 4, 5, 6, 8));
        BitSearch.Goal goal = new BitSearch.Goal(Objective.INNER, Bounds.drop(100), false);
        new BitSearch(experiment, space, goal, TrainConfig.FINE_TUNE.withEpochs(0))
                .run(
                        List.of(trained),
                        new RandomSearch(),
                        null,
                        study,
                        new SearchSettings(trials, seed, threads),
                        (trial, finished, total) -> {});
    }
}
