package org.sgquant.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.razorvine.pickle.IObjectConstructor;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.PickleUtils;
import net.razorvine.pickle.Unpickler;

/**
 * Reads pickles of NumPy arrays, SciPy CSR matrices, dictionaries, lists and integers, and nothing else.
 *
 * <p>Both the classes and the pickle instructions are whitelisted, class names are never looked up in this process, and
 * the state of an object is stored, not executed. Strings of Python 2 come as Latin-1, one character per byte.
 */
final class SafeUnpickler extends Unpickler {

    /** Instructions handed on to the library: they build numbers, tuples, lists and dictionaries or use the memo. */
    private static final Set<Short> PLAIN = Set.of(
            Opcodes.PROTO,
            Opcodes.MARK,
            Opcodes.STOP,
            Opcodes.NONE,
            Opcodes.NEWTRUE,
            Opcodes.NEWFALSE,
            Opcodes.BININT,
            Opcodes.BININT1,
            Opcodes.BININT2,
            Opcodes.LONG1,
            Opcodes.SHORT_BINSTRING,
            Opcodes.EMPTY_TUPLE,
            Opcodes.TUPLE,
            Opcodes.TUPLE1,
            Opcodes.TUPLE2,
            Opcodes.TUPLE3,
            Opcodes.EMPTY_LIST,
            Opcodes.APPEND,
            Opcodes.APPENDS,
            Opcodes.EMPTY_DICT,
            Opcodes.BINPUT,
            Opcodes.LONG_BINPUT,
            Opcodes.BINGET,
            Opcodes.LONG_BINGET,
            Opcodes.REDUCE,
            Opcodes.NEWOBJ);

    /** What the allowed class names make. */
    private static final Map<String, IObjectConstructor> CLASSES = Map.of(
            "collections.defaultdict", arguments -> new HashMap<>(),
            "__builtin__.list", arguments -> new ArrayList<>(),
            "__builtin__.dict", arguments -> new HashMap<>(),
            "numpy.ndarray", arguments -> new Instance("numpy.ndarray", arguments),
            "numpy.core.multiarray._reconstruct", arguments -> new Instance("numpy.ndarray", arguments),
            "numpy.dtype", arguments -> new Instance("numpy.dtype", arguments),
            "scipy.sparse.csr.csr_matrix", arguments -> new Instance("csr_matrix", arguments));

    private final String file;

    private SafeUnpickler(String file) {
        this.file = file;
    }

    /** An object of an allowed class: the arguments it was made with and the state set on it afterwards. */
    private static final class Instance {
        private final String className;
        private final Object[] arguments;
        private Object state;

        Instance(String className, Object[] arguments) {
            this.className = className;
            this.arguments = arguments;
        }
    }

    /** The value of the pickle in {@code path}: a {@link Map}, {@link List}, number or object for the methods below. */
    static Object read(Path path) {
        SafeUnpickler unpickler = new SafeUnpickler(path.toString());
        try {
            if (Files.size(path) > NpyReader.maxArrayBytes()) {
                throw unpickler.error(Files.size(path) + " bytes", "at most " + NpyReader.maxArrayBytes());
            }
            return unpickler.loads(Files.readAllBytes(path));
        } catch (IOException e) {
            throw FormatException.unreadable(path, "a readable pickle", e);
        } catch (FormatException e) {
            throw e;
        } catch (RuntimeException e) {
            // The library answers malformed input with whatever goes wrong first: casts, indices, null.
            throw new FormatException(
                    path.toString(), "pickle", "malformed data (" + e.getMessage() + ")", "protocol 2", e);
        }
    }

    @Override
    protected Object dispatch(short instruction) throws IOException {
        switch (instruction) {
            case Opcodes.GLOBAL -> {
                String name = PickleUtils.readline(input) + "." + PickleUtils.readline(input);
                IObjectConstructor known = CLASSES.get(name);
                if (known == null) {
                    throw error("class " + name, "only arrays, matrices, dictionaries and lists");
                }
                stack.add(known);
            }
            case Opcodes.BINSTRING -> {
                int length = PickleUtils.bytes_to_integer(PickleUtils.readbytes(input, Integer.BYTES));
                if (length < 0 || length > input.available()) {
                    throw error("a string of " + length + " bytes", "at most the " + input.available() + " left");
                }
                stack.add(PickleUtils.rawStringFromBytes(PickleUtils.readbytes(input, length)));
            }
            case Opcodes.BUILD -> {
                Object state = stack.pop();
                ((Instance) stack.peek()).state = state;
            }
            case Opcodes.SETITEM -> {
                Object value = stack.pop();
                put(stack.pop(), value);
            }
            case Opcodes.SETITEMS -> {
                List<Object> items = stack.pop_all_since_marker();
                for (int i = 0; i + 1 < items.size(); i += 2) {
                    put(items.get(i), items.get(i + 1));
                }
            }
            default -> {
                if (!PLAIN.contains(instruction)) {
                    throw error("instruction " + instruction, "one that builds arrays, dictionaries or lists");
                }
                return super.dispatch(instruction);
            }
        }
        return NO_RETURN_VALUE;
    }

    /** Keys are strings or integers, so hashing one cannot recurse into the data. */
    @SuppressWarnings("unchecked")
    private void put(Object key, Object value) {
        if (!(key instanceof String || key instanceof Integer)) {
            throw error("a dictionary key of another kind", "strings or integers");
        }
        ((Map<Object, Object>) stack.peek()).put(key, value);
    }

    private FormatException error(String got, String expected) {
        return new FormatException(file, "pickle", got, expected);
    }

    /** A pickled {@code numpy.ndarray}: shape, type, order and bytes are its state. */
    static NpyArray array(Object value, String file, String place) {
        Object[] state = stateOf(value, "numpy.ndarray", Object[].class, file, place);
        if (state.length == 5
                && state[1] instanceof Object[] sides
                && state[3] instanceof Boolean fortran
                && state[4] instanceof String bytes) {
            int[] shape = new int[sides.length];
            for (int i = 0; i < shape.length; i++) {
                shape[i] = sides[i] instanceof Integer side ? side : -1;
            }
            String type = type(state[2], file, place);
            return new NpyArray(file, place, type, fortran, shape, bytes.getBytes(StandardCharsets.ISO_8859_1));
        }
        throw new FormatException(file, place, "an array of another layout", "version, shape, type, order, bytes");
    }

    private static String type(Object value, String file, String place) {
        Object[] state = stateOf(value, "numpy.dtype", Object[].class, file, place);
        Object[] arguments = ((Instance) value).arguments;
        if (arguments.length > 0 && arguments[0] instanceof String name && state.length > 1) {
            return state[1] + name;
        }
        throw new FormatException(file, place, "an element type of another layout", "its name and byte order");
    }

    /** The attributes of a pickled {@code csr_matrix}. */
    static Map<?, ?> matrix(Object value, String file) {
        return stateOf(value, "csr_matrix", Map.class, file, "pickle");
    }

    private static <T> T stateOf(Object value, String className, Class<T> kind, String file, String place) {
        if (value instanceof Instance instance
                && instance.className.equals(className)
                && kind.isInstance(instance.state)) {
            return kind.cast(instance.state);
        }
        String got = value instanceof Instance instance ? instance.className : "something else";
        throw new FormatException(file, place, got, className);
    }
}
