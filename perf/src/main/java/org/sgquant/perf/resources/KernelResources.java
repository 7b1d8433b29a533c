package org.sgquant.perf.resources;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the compiler made of the kernels, as Markdown: registers, spills and shared memory of each, instructions of the
 * loops that gather packed rows.
 *
 * <p>Arguments: the folder in which {@code cuda/build-kernels --cubin N} left sm_N.cubin and sm_N.txt, then each N.
 */
public final class KernelResources {

    private static final Pattern KERNEL = Pattern.compile("Compiling entry function '(\\w+)'");
    private static final Pattern SPILLS = Pattern.compile("(\\d+) bytes spill stores, (\\d+) bytes spill loads");
    private static final Pattern USED = Pattern.compile("Used (\\d+) registers");
    private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

    /** Loops that gather rows: {@code SgqFieldSums} in {@code sgq/field_sums.cuh} has their batches. */
    private static final List<Gather> GATHERS = List.of(
            new Gather("spmm_csr_q8_tensor", 16, 16, 4, 64),
            new Gather("spmm_csr_q4_tensor", 32, 16, 4, 4),
            new Gather("spmm_csr_q2_tensor", 32, 8, 5, 17),
            new Gather("spmm_csr_q1_tensor", 32, 4, 6, 42));

    /** Threads of a warp, and columns that the table takes for an example. */
    private static final int WARP = 32;

    private static final int COLUMNS = 128;

    /**
     * {@code batch} loads of {@code bytes}, which hold {@code run} columns, per thread and turn; every {@code fit}
     * turns the sums leave the registers.
     */
    private record Gather(String kernel, int run, int bytes, int batch, int fit) {}

    /** What ptxas says of one kernel. */
    record Used(int registers, int spillBytes, int sharedBytes) {}

    private KernelResources() {}

    public static void main(String[] args) throws IOException {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        Path folder = Path.of(args[0]);
        List<String> archs = List.of(args).subList(1, args.length);
        Map<String, Map<String, Used>> used = new TreeMap<>();
        for (String arch : archs) {
            parse(Files.readString(folder.resolve("sm_" + arch + ".txt")))
                    .forEach((kernel, u) ->
                            used.computeIfAbsent(kernel, k -> new TreeMap<>()).put(arch, u));
        }
        printGathers(out, folder, archs);
        printUsed(out, archs, used);
        out.flush();
    }

    /** What ptxas -v printed, by kernel. */
    static Map<String, Used> parse(String text) {
        Map<String, Used> used = new TreeMap<>();
        String kernel = "";
        int spills = 0;
        for (String line : text.split("\n", -1)) {
            Matcher name = KERNEL.matcher(line);
            if (name.find()) {
                kernel = name.group(1);
            }
            Matcher spilled = SPILLS.matcher(line);
            if (spilled.find()) {
                spills = Integer.parseInt(spilled.group(1)) + Integer.parseInt(spilled.group(2));
            }
            Matcher registers = USED.matcher(line);
            if (registers.find()) {
                Matcher shared = SHARED.matcher(line);
                int sharedBytes = shared.find() ? Integer.parseInt(shared.group(1)) : 0;
                used.put(kernel, new Used(Integer.parseInt(registers.group(1)), spills, sharedBytes));
            }
        }
        return used;
    }

    private static void printGathers(PrintStream out, Path folder, List<String> archs) throws IOException {
        out.println("## Loops that gather packed rows");
        out.println();
        out.println("Instructions of a warp along the path of a full batch. A turn loads so many runs of columns per");
        out.println(
                "thread; \"with spills\" adds the share of moving sums from registers to shared memory; an edge of");
        out.println(COLUMNS + " columns takes " + COLUMNS + " / (columns of a run) threads of the " + WARP + ".");
        out.println();
        out.println(
                "| kernel | arch | bytes of a load | loads per turn | instructions per turn | per load | with spills"
                        + " | per 16 bytes | per edge of 128 columns |");
        out.println("|---|---|---|---|---|---|---|---|---|");
        for (Gather g : GATHERS) {
            for (String arch : archs) {
                byte[] cubin = Files.readAllBytes(folder.resolve("sm_" + arch + ".cubin"));
                HotLoop loop = HotLoop.find(Sass.of(cubin, g.kernel, Integer.parseInt(arch)), g.bytes, g.batch);
                double perLoad = loop.perLoad(g.batch, g.fit);
                out.printf(
                        "| `%s` | sm_%s | %d | %d | %d | %.1f | %.1f | %.1f | %.1f |%n",
                        g.kernel,
                        arch,
                        g.bytes,
                        g.batch,
                        loop.plain(),
                        loop.plain() / (double) g.batch,
                        perLoad,
                        perLoad * 16 / g.bytes,
                        perLoad * COLUMNS / g.run / WARP);
            }
        }
    }

    private static void printUsed(PrintStream out, List<String> archs, Map<String, Map<String, Used>> used) {
        out.println();
        out.println("## Registers, spilled bytes and static shared memory");
        out.println();
        StringBuilder head = new StringBuilder("| kernel |");
        StringBuilder rule = new StringBuilder("|---|");
        for (String arch : archs) {
            head.append(" sm_").append(arch).append(" registers | spills | shared |");
            rule.append("---|---|---|");
        }
        out.println(head);
        out.println(rule);
        used.forEach((kernel, byArch) -> {
            StringBuilder row = new StringBuilder("| `" + kernel + "` |");
            byArch.values()
                    .forEach(u ->
                            row.append(String.format(" %d | %d | %d |", u.registers, u.spillBytes, u.sharedBytes)));
            out.println(row);
        });
    }
}
