package org.sgquant.cli;

import org.sgquant.experiment.BitLearning;
import org.sgquant.train.TrainConfig;
import picocli.CommandLine.Option;

/** Options of learning a width per cell and degree class. */
final class LearnBitsOptions {

    @Option(
            names = "--learn-bits",
            paramLabel = "TARGET",
            description = "Learn a width for every cell and degree class, with TARGET bits per value on average over"
                    + " them; starts from --bits (4 where it is not given), which may name the classes. Features, edge"
                    + " weights and powers of two keep those widths and do not count.")
    Double targetBits;

    @Option(
            names = "--learn-rounds",
            paramLabel = "N",
            description = "Short fine-tunings between which widths are updated (default: ${DEFAULT-VALUE}).")
    int rounds = 8;

    @Option(names = "--learn-epochs", paramLabel = "N", description = "Epochs of each (default: ${DEFAULT-VALUE}).")
    int epochs = 10;

    @Option(
            names = "--learn-seeds",
            paramLabel = "N",
            description =
                    "Seeds whose models widths are learned on (default: ${DEFAULT-VALUE}, or --seeds where that is"
                            + " less).")
    int seeds = 3;

    @Option(
            names = "--memory-penalty",
            paramLabel = "X",
            description = "Weight of the squared relative excess over the target (default: ${DEFAULT-VALUE}).")
    double penalty = 100;

    boolean isAsked() {
        return targetBits != null;
    }

    /** Refuses what cannot be learned, before anything is trained. */
    BitLearning.Settings settings(TrainConfig fineTune) {
        if (seeds < 1) {
            throw new IllegalArgumentException("--learn-seeds must be at least 1, got " + seeds);
        }
        return new BitLearning.Settings(targetBits, penalty, rounds, fineTune.withEpochs(epochs));
    }
}
