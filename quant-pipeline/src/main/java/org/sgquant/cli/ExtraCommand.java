package org.sgquant.cli;

import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;

/**
 * A subcommand that another module brings along as a service: a class annotated with picocli's {@code Command}, whose
 * result is the exit code. What it throws is reported as it is of every command.
 */
public interface ExtraCommand extends Callable<Integer> {

    /** All on the class path. */
    static List<ExtraCommand> all() {
        return ServiceLoader.load(ExtraCommand.class).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
    }
}
