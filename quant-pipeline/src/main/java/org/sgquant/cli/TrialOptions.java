package org.sgquant.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sgquant.data.Dataset;
import org.sgquant.data.Datasets;
import org.sgquant.experiment.BitSearch;
import org.sgquant.experiment.BitSpace;
import org.sgquant.experiment.Experiment;
import org.sgquant.experiment.Recipe;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.report.Json;
import org.sgquant.search.Bounds;
import org.sgquant.search.Objective;
import org.sgquant.search.StudyException;
import org.sgquant.tensor.BitWidth;
import org.sgquant.train.TrainConfig;
import picocli.CommandLine.Option;

/** What a trial of a search is: what is chosen from, how it is measured, and within which bounds what is made small. */
class TrialOptions {

    /** Points of validation drop that are allowed where nothing is said. */
    private static final double USUAL_DROP = 0.3;

    private static final Pattern SIZE = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*(KiB|MiB|GiB|B)?");
    private static final List<String> UNITS = List.of("", "KiB", "MiB", "GiB");

    @Option(
            names = "--objective",
            paramLabel = "WHAT",
            description =
                    "What to make small: stored bytes of all cells, of inner ones (without the features), latency of"
                            + " packed inference, or the validation drop (default: ${DEFAULT-VALUE}).")
    String objective = "all";

    @Option(
            names = "--max-bytes",
            paramLabel = "SIZE",
            description = "Most stored bytes of all cells, features counted dense; as 40000, 40KiB or 1.5MiB.")
    String maxBytes;

    @Option(names = "--max-inner-bytes", paramLabel = "SIZE", description = "Most stored bytes without the features.")
    String maxInnerBytes;

    @Option(
            names = "--max-latency",
            paramLabel = "MS",
            description = "Longest packed inference, milliseconds on this machine.")
    Double maxLatency;

    @Option(names = "--latency", description = "Time packed inference in every trial, though nothing needs it.")
    boolean latency;

    /** Largest validation drop, null where the command line names none. */
    Double maxDrop;

    @Option(
            names = "--trial-epochs",
            paramLabel = "N",
            description = "Fine-tuning epochs of a trial (default: ${DEFAULT-VALUE}).")
    int trialEpochs = 20;

    @Option(
            names = "--trial-seeds",
            paramLabel = "N",
            description = "Seeds whose fp32 models every trial fine-tunes; the mean counts (default:"
                    + " ${DEFAULT-VALUE}; run trains no more than its own seeds).")
    int trialSeeds = 5;

    @Option(
            names = "--feature-bits",
            paramLabel = "Q",
            split = ",",
            converter = WidthConverter.class,
            description = "Widths of the features to choose from (default: ${DEFAULT-VALUE}).")
    List<BitWidth> featureBits = widths(1, 2, 4, 8);

    @Option(
            names = "--inner-bits",
            paramLabel = "Q",
            split = ",",
            converter = WidthConverter.class,
            description = "Widths of other cells to choose from, as 2,4,e4m3; attention takes the integers among them"
                    + " (default: ${DEFAULT-VALUE}).")
    List<BitWidth> innerBits = widths(1, 2, 3, 4, 5, 6, 8);

    @Option(
            names = "--quartiles",
            description = "Widths per degree quartile: topology-aware granularity (default: one per cell).")
    boolean quartiles;

    @Option(
            names = "--study",
            paramLabel = "FILE",
            description = "SQLite file that keeps every trial as it ends (default: in memory).")
    Path study;

    /** Refuses what no trial can be, before anything is trained. */
    void check() {
        Objective.of(objective);
        requireAtLeast("--trial-seeds", 1, trialSeeds);
        requireAtLeast("--trial-epochs", 0, trialEpochs);
        if (featureBits.isEmpty() || innerBits.isEmpty()) {
            throw new IllegalArgumentException("--feature-bits and --inner-bits need at least one width each");
        }
        WidthConverter.requireDistinct("--feature-bits", featureBits);
        WidthConverter.requireDistinct("--inner-bits", innerBits);
        if (maxLatency != null && !(maxLatency > 0)) {
            throw new IllegalArgumentException("--max-latency must be above 0 ms, got " + maxLatency);
        }
        if (maxDrop != null && (maxDrop.isNaN() || maxDrop == Double.NEGATIVE_INFINITY)) {
            throw new IllegalArgumentException("--max-drop must be a number of points, got " + maxDrop);
        }
        bounds();
        if (study != null && study.toFile().isDirectory()) {
            throw new StudyException(study + ": this is a folder, a study is a file");
        }
        if (study != null && study.toFile().isFile() && study.toFile().length() == 0 && !joins()) {
            throw new StudyException(study + ": the file is empty, no study: remove it, or name another");
        }
    }

    /** Whether another process may be making the study just now. */
    boolean joins() {
        return false;
    }

    static void requireAtLeast(String option, int least, int value) {
        if (value < least) {
            throw new IllegalArgumentException(option + " must be at least " + least + ", got " + value);
        }
    }

    Bounds bounds() {
        double noBound = Double.POSITIVE_INFINITY;
        double usual = Objective.of(objective) == Objective.DROP ? noBound : USUAL_DROP;
        return new Bounds(
                maxDrop == null ? usual : maxDrop,
                size("--max-bytes", maxBytes),
                size("--max-inner-bytes", maxInnerBytes),
                maxLatency == null ? noBound : maxLatency / 1e3);
    }

    private static long size(String option, String text) {
        if (text == null) {
            return Long.MAX_VALUE;
        }
        Matcher size = SIZE.matcher(text);
        if (!size.matches()) {
            throw new IllegalArgumentException(
                    option + " '" + text + "' is no size: give bytes, or a number with KiB, MiB or GiB");
        }
        if (Double.parseDouble(size.group(1)) < 1) {
            throw new IllegalArgumentException(option + " must be at least 1 byte, got '" + text + "'");
        }
        String unit = size.group(2) == null || size.group(2).equals("B") ? "" : size.group(2);
        return (long) (Double.parseDouble(size.group(1)) * (1L << (10 * UNITS.indexOf(unit))));
    }

    /** The models that trials start from: the first ones trained. */
    List<Experiment.Trained> starts(List<Experiment.Trained> trained) {
        return trained.subList(0, Math.min(trialSeeds, trained.size()));
    }

    Map<String, String> fingerprint(Recipe recipe, Dataset dataset, int seeds, String computer) {
        Map<String, String> fingerprint = new LinkedHashMap<>();
        fingerprint.put("data", dataset.fingerprint());
        fingerprint.put("recipe", Json.writeYaml(recipe));
        fingerprint.put(
                "trial",
                "epochs " + trialEpochs + ", seeds " + Math.min(trialSeeds, seeds) + (latency ? ", latency" : ""));
        fingerprint.put("computer", computer);
        return fingerprint;
    }

    /**
     * What is searched.
     *
     * @throws IllegalArgumentException where a cell can have none of the widths to choose from
     */
    BitSpace space(Experiment experiment, Recipe recipe, Dataset dataset) {
        DegreeBuckets buckets = quartiles ? DegreeBuckets.quartiles(dataset.degrees()) : DegreeBuckets.NONE;
        return new BitSpace(
                experiment.model(), buckets, dataset.degrees(), recipe.quantConfig(), ids(featureBits), ids(innerBits));
    }

    static List<BitWidth> widths(int... bits) {
        return Arrays.stream(bits).mapToObj(BitWidth::of).toList();
    }

    /** As spaces have them. */
    static List<Integer> ids(List<BitWidth> widths) {
        return widths.stream().map(BitWidth::id).toList();
    }

    BitSearch.Goal goal() {
        return new BitSearch.Goal(Objective.of(objective), bounds(), latency);
    }

    BitSearch search(Experiment experiment, BitSpace space, Recipe recipe) {
        return new BitSearch(experiment, space, goal(), fineTune(recipe));
    }

    /** Of a trial. */
    TrainConfig fineTune(Recipe recipe) {
        return recipe.fineTune().config().withEpochs(trialEpochs);
    }

    static BitSearch.Timings timings(String machine) {
        return new BitSearch.Timings(Datasets.cacheFolder().resolve("latency"), machine);
    }

    /** Takes over what {@code section} of a recipe (null for none) says and no option does. */
    void apply(Recipe.Search section, Predicate<String> given) {
        if (section == null) {
            return;
        }
        objective = either("--objective", section.objective(), objective, given);
        maxDrop = either("--max-drop", section.maxDrop(), maxDrop, given);
        maxBytes = either("--max-bytes", section.maxBytes(), maxBytes, given);
        maxInnerBytes = either("--max-inner-bytes", section.maxInnerBytes(), maxInnerBytes, given);
        maxLatency = either("--max-latency", section.maxLatency(), maxLatency, given);
        trialEpochs = either("--trial-epochs", section.trialEpochs(), trialEpochs, given);
        trialSeeds = either("--trial-seeds", section.trialSeeds(), trialSeeds, given);
        featureBits = either("--feature-bits", section.featureBits(), featureBits, given);
        innerBits = either("--inner-bits", section.innerBits(), innerBits, given);
        quartiles = either("--quartiles", section.quartiles(), quartiles, given);
    }

    static <T> T either(String option, T ofRecipe, T ofOption, Predicate<String> given) {
        return ofRecipe == null || given.test(option) ? ofOption : ofRecipe;
    }
}
