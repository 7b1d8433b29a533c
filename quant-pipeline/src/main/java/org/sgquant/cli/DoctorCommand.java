package org.sgquant.cli;

import java.util.concurrent.Callable;
import org.sgquant.doctor.Diagnosis;
import org.sgquant.doctor.Doctor;
import org.sgquant.report.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Says what of this machine sgquant can use, and what to do about the rest. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = {
            "Look at Java, processor, driver, devices, native libraries, kernels, disk and data, and try them out.",
            "A line for each, 'ok' or '--' with the reason; the last one is the verdict and the next step."
        },
        footer = "Exit codes: 0 if the CPU or CUDA works, or what is required does; 4 if not.")
final class DoctorCommand implements Callable<Integer> {

    @Option(names = "--json", description = "Print one JSON document.")
    boolean json;

    @Option(
            names = "--require",
            paramLabel = "BACKEND",
            description = "Exit with 4 unless this one works: cpu, cuda or nd4j.")
    String require;

    @Override
    public Integer call() {
        if (require != null && !Doctor.BACKENDS.contains(require)) {
            throw new IllegalArgumentException(
                    "--require must be one of " + String.join(", ", Doctor.BACKENDS) + ", got '" + require + "'");
        }
        Diagnosis diagnosis = Doctor.examine();
        System.out.println(json ? Json.write(diagnosis.json()) : diagnosis.text());
        boolean works = require == null
                ? diagnosis.usable()
                : diagnosis.backend(require).ok();
        return works ? ExitCode.OK : ExitCode.UNAVAILABLE;
    }
}
