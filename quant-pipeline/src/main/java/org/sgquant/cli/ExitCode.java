package org.sgquant.cli;

/** Exit codes of the command; stable, scripts rest on them. */
public final class ExitCode {

    public static final int OK = 0;
    public static final int FAILED = 1;
    public static final int USAGE = 2;

    /** The drop is above {@code --max-drop}, or no trial of {@code search} is within its bounds. */
    public static final int GATE_MISSED = 3;

    public static final int UNAVAILABLE = 4;
    public static final int BAD_INPUT = 5;
    public static final int INTERRUPTED = 130;

    private ExitCode() {}
}
