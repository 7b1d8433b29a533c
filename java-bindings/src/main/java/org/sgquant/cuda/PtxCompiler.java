package org.sgquant.cuda;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Pattern;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

/**
 * Assembles PTX with the assembler of CUDA 12.0 inside JCuda, which needs neither toolkit nor driver nor device: what
 * it takes, every later driver takes.
 */
public final class PtxCompiler {

    private static final int SHOWN_BYTES = 40;
    private static final String BLANK = "(?:\\s++|//[^\\n]*+|/\\*(?s:.*?)\\*/)*+";
    /** How every module begins; the assembler crashes over an error that comes before its target. */
    private static final Pattern MODULE_START =
            Pattern.compile(BLANK + "\\.version\\s+\\d+\\.\\d+" + BLANK + "\\.target\\s+sm_\\d+");

    /** Loaded with this class, once. */
    private static final class Library {
        static {
            NativeLibraries.load(() -> JNvPTXCompiler.setExceptionsEnabled(false));
        }

        static void load() {
            // Initializing the class did it.
        }
    }

    private PtxCompiler() {}

    /**
     * Assembles {@code ptx} and drops the machine code.
     *
     * @param architecture such as {@code sm_90}
     * @return the assembler's notes: registers, shared memory and spills of each kernel
     * @throws IllegalArgumentException if it refuses the text, with its log
     * @throws CudaUnavailableException if the assembler itself cannot be loaded
     */
    public static String assemble(byte[] ptx, String architecture) {
        if (!MODULE_START.matcher(new String(ptx, StandardCharsets.UTF_8)).lookingAt()) {
            throw new IllegalArgumentException("PTX must begin with .version and .target, got "
                    + new String(ptx, 0, Math.min(ptx.length, SHOWN_BYTES), StandardCharsets.UTF_8));
        }
        try {
            Library.load();
        } catch (LinkageError e) {
            throw new CudaUnavailableException(NativeLibraries.reason("JNvPTXCompiler", e), e);
        }
        // The assembler reads a C string.
        byte[] text = Arrays.copyOf(ptx, ptx.length + 1);
        nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
        check("nvPTXCompilerCreate", JNvPTXCompiler.nvPTXCompilerCreate(compiler, text.length, text));
        try {
            String[] options = {"--gpu-name=" + architecture, "--verbose"};
            int result = JNvPTXCompiler.nvPTXCompilerCompile(compiler, options.length, options);
            if (result != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
                throw new IllegalArgumentException("the PTX is refused for " + architecture + " ("
                        + nvPTXCompileResult.stringFor(result) + "): " + errorLog(compiler));
            }
            return infoLog(compiler);
        } finally {
            check("nvPTXCompilerDestroy", JNvPTXCompiler.nvPTXCompilerDestroy(compiler));
        }
    }

    private static String errorLog(nvPTXCompilerHandle compiler) {
        long[] size = new long[1];
        check("nvPTXCompilerGetErrorLogSize", JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(compiler, size));
        byte[] log = log(size);
        check("nvPTXCompilerGetErrorLog", JNvPTXCompiler.nvPTXCompilerGetErrorLog(compiler, log));
        return text(log);
    }

    private static String infoLog(nvPTXCompilerHandle compiler) {
        long[] size = new long[1];
        check("nvPTXCompilerGetInfoLogSize", JNvPTXCompiler.nvPTXCompilerGetInfoLogSize(compiler, size));
        byte[] log = log(size);
        check("nvPTXCompilerGetInfoLog", JNvPTXCompiler.nvPTXCompilerGetInfoLog(compiler, log));
        return text(log);
    }

    /** The size that is told leaves out the terminating zero. */
    private static byte[] log(long[] size) {
        return new byte[Math.toIntExact(size[0]) + 1];
    }

    private static String text(byte[] log) {
        return new String(log, StandardCharsets.UTF_8).replace("\0", "").strip();
    }

    private static void check(String call, int result) {
        if (result != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
            throw new IllegalStateException(call + " failed: " + nvPTXCompileResult.stringFor(result));
        }
    }
}
