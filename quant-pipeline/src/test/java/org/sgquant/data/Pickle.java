package org.sgquant.data;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Writes protocol-2 pickles as Python 2, NumPy and SciPy wrote the Planetoid files. */
final class Pickle {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private Pickle() {
        raw("\u0080\2");
    }

    /** A pickle made of these instructions, one character per byte. */
    static byte[] ofInstructions(String instructions) {
        return new Pickle().raw(instructions).finish();
    }

    /** A defaultdict of lists. */
    static byte[] ofGraph(Map<Integer, List<Integer>> graph) {
        Pickle p = new Pickle().raw("ccollections\ndefaultdict\nc__builtin__\nlist\n\u0085R(");
        graph.forEach((node, neighbours) -> {
            p.integer(node).raw("](");
            neighbours.forEach(p::integer);
            p.raw("e");
        });
        return p.raw("u").finish();
    }

    /** A two-dimensional int32 array. */
    static byte[] ofInts(int cols, int... values) {
        return new Pickle()
                .array("i4", ints(values), values.length / cols, cols)
                .finish();
    }

    /** A csr_matrix of float32 from dense rows. */
    static byte[] ofMatrix(int cols, float... dense) {
        int rows = dense.length / cols;
        int[] indptr = new int[rows + 1];
        int[] indices = new int[dense.length];
        ByteBuffer data = ByteBuffer.allocate(4 * dense.length).order(ByteOrder.LITTLE_ENDIAN);
        int n = 0;
        for (int i = 0; i < dense.length; i++) {
            if (dense[i] != 0) {
                indices[n++] = i % cols;
                data.putFloat(dense[i]);
            }
            indptr[i / cols + 1] = n;
        }
        byte[] values = Arrays.copyOf(data.array(), 4 * n);
        Pickle p = new Pickle().raw("cscipy.sparse.csr\ncsr_matrix\n)\u0081}(");
        p.text("format").text("csr").text("_shape").integer(rows).integer(cols).raw("\u0086");
        p.text("indptr").array("i4", ints(indptr), rows + 1);
        p.text("indices").array("i4", ints(Arrays.copyOf(indices, n)), n);
        return p.text("data").array("f4", values, n).raw("ub").finish();
    }

    private static byte[] ints(int[] values) {
        ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        data.asIntBuffer().put(values);
        return data.array();
    }

    private Pickle array(String type, byte[] data, int... shape) {
        raw("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\u0085")
                .text("b")
                .raw("\u0087R(K\1");
        raw("(");
        for (int side : shape) {
            integer(side);
        }
        raw("tcnumpy\ndtype\n").text(type).raw("K\0K\1\u0087R(K\3").text("<").raw("NNN");
        integer(-1).integer(-1).raw("K\0tb\u0089T");
        out.writeBytes(ints(new int[] {data.length}));
        out.writeBytes(data);
        return raw("tb");
    }

    private Pickle text(String text) {
        return raw("U" + (char) text.length() + text);
    }

    private Pickle integer(int value) {
        raw("J");
        out.writeBytes(ints(new int[] {value}));
        return this;
    }

    private Pickle raw(String instructions) {
        out.writeBytes(instructions.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    private byte[] finish() {
        return raw(".").out.toByteArray();
    }
}
