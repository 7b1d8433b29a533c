package org.sgquant.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sgquant.data.FormatException;

/**
 * The JSON header of a safetensors file, read token by token: nothing but the expected shape is ever built.
 *
 * @param entries one per tensor, in the order of the header
 */
record SafeTensorsHeader(List<Entry> entries, Map<String, String> metadata) {

    /** Key that is no tensor. */
    static final String METADATA = "__metadata__";

    private static final int ALIGNMENT = 8;
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(3).build())
            .build();

    /** One tensor as the header claims it; nothing of it is checked against the data. */
    record Entry(String name, Dtype dtype, List<Long> shape, long begin, long end) {}

    /** Entries by the place of their data; empty tensors before the one that starts at the same place. */
    List<Entry> inOrder() {
        return entries.stream()
                .sorted(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end))
                .toList();
    }

    static SafeTensorsHeader parse(Path file, MemorySegment bytes) {
        if (bytes.byteSize() == 0 || bytes.get(ValueLayout.JAVA_BYTE, 0) != '{') {
            throw new FormatException(file, "header", "it does not begin with '{'");
        }
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(bytes.asByteBuffer())
                    .toString();
        } catch (CharacterCodingException e) {
            throw new FormatException(file, "header", "it is not UTF-8");
        }
        try (JsonParser json = JSON.createParser(text)) {
            return new Reader(file, json).header();
        } catch (JsonProcessingException e) {
            throw new FormatException(file, "header", "bad JSON: " + firstLine(e));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String firstLine(JsonProcessingException e) {
        return e.getOriginalMessage().lines().findFirst().orElse("unknown reason")
                + (e.getLocation() == null
                        ? ""
                        : " (character " + e.getLocation().getCharOffset() + ")");
    }

    /** The header of {@code tensors} laid out one after another, padded with spaces to 8 bytes. */
    static byte[] encode(List<Tensor> tensors, Map<String, String> metadata) {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode();
        ObjectNode entries = root.putObject(METADATA);
        Map<String, String> sorted = new TreeMap<>(metadata);
        sorted.put(SafeTensors.CHECKSUM, checksum(tensors, metadata));
        sorted.forEach(entries::put);
        long end = 0;
        for (Tensor tensor : tensors) {
            ObjectNode entry = root.putObject(tensor.name());
            entry.put("dtype", tensor.dtype().name());
            tensor.shape().forEach(entry.putArray("shape")::add);
            entry.putArray("data_offsets").add(end).add(end + tensor.data().byteSize());
            end += tensor.data().byteSize();
        }
        byte[] json = root.toString().getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, Math.ceilDiv(json.length, ALIGNMENT) * ALIGNMENT);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        if (padded.length > SafeTensors.MAX_HEADER) {
            throw new IllegalArgumentException(
                    "the header takes " + padded.length + " bytes, more than " + SafeTensors.MAX_HEADER);
        }
        return padded;
    }

    /** SHA-256 over the metadata and the tensors, each by name, so that their order in the file does not matter. */
    static String checksum(List<Tensor> tensors, Map<String, String> metadata) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            new TreeMap<>(metadata).forEach((key, value) -> {
                update(digest, key);
                update(digest, value);
            });
            tensors.stream().sorted(Comparator.comparing(Tensor::name)).forEach(tensor -> {
                update(digest, tensor.name());
                update(digest, tensor.dtype() + " " + tensor.shape());
                SafeTensors.chunks(tensor.data()).forEach(digest::update);
            });
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256, which every Java must have", e);
        }
    }

    /** Length first, so that no two different sequences of strings look the same. */
    private static void update(MessageDigest digest, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
        digest.update(bytes);
    }

    /** Recursive descent over the tokens; every method expects its first token to be the current one. */
    private static final class Reader {

        private final Path file;
        private final JsonParser json;
        private String place = "header";

        Reader(Path file, JsonParser json) {
            this.file = file;
            this.json = json;
        }

        SafeTensorsHeader header() throws IOException {
            List<Entry> entries = new ArrayList<>();
            Map<String, String> metadata = new HashMap<>();
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                place = name.equals(METADATA) ? METADATA : "tensor '" + name + "'";
                json.nextToken();
                if (name.equals(METADATA)) {
                    readMetadata(metadata);
                } else {
                    entries.add(entry(name));
                }
            }
            place = "header";
            if (json.nextToken() != null) {
                throw bad("something follows the JSON object");
            }
            return new SafeTensorsHeader(entries, metadata);
        }

        private void readMetadata(Map<String, String> metadata) throws IOException {
            expect(JsonToken.START_OBJECT, "an object");
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String key = json.currentName();
                json.nextToken();
                expect(JsonToken.VALUE_STRING, "a string for '" + key + "'");
                metadata.put(key, json.getText());
            }
        }

        private Entry entry(String name) throws IOException {
            expect(JsonToken.START_OBJECT, "an object");
            Dtype dtype = null;
            List<Long> shape = null;
            List<Long> offsets = null;
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String key = json.currentName();
                json.nextToken();
                switch (key) {
                    case "dtype" -> dtype = dtype();
                    case "shape" -> shape = naturals(key);
                    case "data_offsets" -> offsets = naturals(key);
                    default -> throw bad("unknown key '" + key + "'");
                }
            }
            if (dtype == null || shape == null || offsets == null || offsets.size() != 2) {
                throw bad("expected a dtype, a shape and two data_offsets");
            }
            return new Entry(name, dtype, shape, offsets.get(0), offsets.get(1));
        }

        private Dtype dtype() throws IOException {
            expect(JsonToken.VALUE_STRING, "a string as dtype");
            String text = json.getText();
            return Arrays.stream(Dtype.values())
                    .filter(dtype -> dtype.name().equals(text))
                    .findFirst()
                    .orElseThrow(() ->
                            bad("unknown dtype '" + text + "', expected one of " + Arrays.toString(Dtype.values())));
        }

        private List<Long> naturals(String key) throws IOException {
            expect(JsonToken.START_ARRAY, "an array as " + key);
            List<Long> values = new ArrayList<>();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                expect(JsonToken.VALUE_NUMBER_INT, "integers in " + key);
                long value = json.getLongValue();
                if (value < 0) {
                    throw bad("negative number " + value + " in " + key);
                }
                values.add(value);
            }
            return values;
        }

        private void expect(JsonToken expected, String description) throws IOException {
            if (json.currentToken() != expected) {
                throw bad("expected " + description);
            }
        }

        private FormatException bad(String problem) {
            return new FormatException(file, place, problem);
        }
    }
}
