package org.sgquant.cli;

import org.sgquant.quant.FeaturesForm;
import picocli.CommandLine.Option;

/** Options of how codes are stored. */
final class StorageOptions {

    @Option(
            names = "--features-form",
            paramLabel = "FORM",
            description = "How codes of the input features are stored: dense, sparse (those that are not 0) or auto,"
                    + " the form of fewer bytes (default: ${DEFAULT-VALUE}).")
    String featuresForm = FeaturesForm.AUTO.toString();
}
