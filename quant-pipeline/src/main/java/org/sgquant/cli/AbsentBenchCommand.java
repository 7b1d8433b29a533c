package org.sgquant.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.sgquant.kernels.DeviceUnavailableException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** Says where {@code bench} is to be had when the module that has it was not brought along. */
@Command(name = AbsentBenchCommand.NAME, hidden = true, description = "Measure kernels: not part of this build.")
final class AbsentBenchCommand implements Callable<Integer> {

    static final String NAME = "bench";

    @Unmatched
    List<String> words;

    @Override
    public Integer call() {
        throw new DeviceUnavailableException(
                "'sgquant bench' is in the module perf, which is not on the class path: run"
                        + " quant-pipeline/bin/sgquant bench in the source tree, which builds it, or"
                        + " mvn -pl perf -am package -DskipTests and take perf/target/lib/* for the class path");
    }
}
