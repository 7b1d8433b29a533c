package org.sgquant.kernels.cuda;

import java.nio.charset.StandardCharsets;
import java.util.NoSuchElementException;
import java.util.SortedSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sgquant.cuda.FatBinary;

/**
 * What the compiled kernels are for, as their images say.
 *
 * @param kernels how many there are
 * @param architectures compute capabilities with machine code, such as 90
 * @param ptxTarget least compute capability of the PTX
 * @param ptxVersion of its language, such as {@code 8.0}
 */
public record KernelImages(int kernels, SortedSet<Integer> architectures, int ptxTarget, String ptxVersion) {

    private static final Pattern VERSION = Pattern.compile("(?m)^\\.version (\\d+\\.\\d+)");

    /** First driver that compiles PTX 8.0. */
    private static final int FIRST_PTX_DRIVER = 12000;

    private static final Pattern TARGET = Pattern.compile("(?m)^\\.target sm_(\\d+)");

    /** Which image serves a device, and why the other does not. */
    public record Choice(boolean usable, String sentence) {}

    /** Those of this version. */
    public static KernelImages load() {
        String ptx = new String(KernelList.ptx(), StandardCharsets.UTF_8);
        return new KernelImages(
                KernelList.load().all().size(),
                FatBinary.architectures(KernelList.fatbin()),
                Integer.parseInt(first(TARGET, ptx)),
                first(VERSION, ptx));
    }

    /** @param driverVersion as in 13000 for a driver of CUDA 13.0 */
    public Choice choose(int computeCapability, int driverVersion) {
        String device = "sm_" + computeCapability;
        if (computeCapability < ptxTarget) {
            return new Choice(false, device + " is older than all kernels, which begin at sm_" + ptxTarget);
        }
        int code = architectures.stream()
                .filter(architecture -> FatBinary.runsOn(architecture, computeCapability))
                .reduce(0, Math::max);
        if (code > 0 && driverVersion >= FatBinary.FIRST_DRIVER) {
            return new Choice(true, device + " takes the machine code of sm_" + code);
        }
        // 0: the driver does not tell.
        if (driverVersion > 0 && driverVersion < FIRST_PTX_DRIVER) {
            return new Choice(false, "the driver is older than CUDA 12.0, which the PTX needs");
        }
        String reason = code == 0
                ? "there is no machine code for it"
                : "the machine code is for drivers of CUDA " + FatBinary.FIRST_DRIVER / 1000 + " and later";
        return new Choice(true, device + " takes the PTX, which the driver compiles: " + reason);
    }

    private static String first(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new NoSuchElementException("the PTX of the kernels has no line " + pattern);
        }
        return matcher.group(1);
    }
}
