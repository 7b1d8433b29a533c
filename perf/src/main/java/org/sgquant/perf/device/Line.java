package org.sgquant.perf.device;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;

/**
 * One line of a measurement file, JSON; every program of a comparison appends lines of this form.
 *
 * @param by the program or library that ran: {@code sgquant}, {@code cusparse}
 * @param subject what was timed, null for the machine and for copies
 * @param times null where there are none
 * @param bytes bytes moved: by the traffic formula of an operation, read and written by a copy
 * @param worstError of the rows compared with the reference, relative to 1 + |expected|
 * @param text the machine, or why a time is missing
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Line(Kind kind, String by, Subject subject, Sampler.Times times, Double bytes, Double worstError, String text) {

    private static final ObjectMapper JSON = JsonMapper.builder().build();

    /** What a line tells. */
    enum Kind {
        MACHINE,
        COPY,
        TIME,
        MISSING
    }

    /**
     * An operation on a graph.
     *
     * @param type how the left operand is stored: {@code fp32}, {@code fp16}, {@code q4}
     * @param columns columns of the operand that is summed or multiplied
     */
    record Subject(String graph, int nodes, int edges, String operation, String type, int columns) {}

    static Line machine(String by, String text) {
        return new Line(Kind.MACHINE, by, null, null, null, null, text);
    }

    static Line copy(String by, Sampler.Times times, double bytes) {
        return new Line(Kind.COPY, by, null, times, bytes, null, null);
    }

    static Line time(String by, Subject subject, Sampler.Times times, Double bytes, double worstError) {
        return new Line(Kind.TIME, by, subject, times, bytes, worstError, null);
    }

    static Line missing(String by, Subject subject, String why) {
        return new Line(Kind.MISSING, by, subject, null, null, null, why);
    }

    /** Gigabytes moved per second, null where bytes or time is unknown. */
    Double rate() {
        return bytes == null || times == null ? null : bytes / times.median() / 1e6;
    }

    String json() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a line always has a JSON form", e);
        }
    }

    /** Parses one line; an {@link IllegalArgumentException} says what is wrong with it. */
    static Line parse(String json) {
        try {
            return JSON.readValue(json, Line.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not a measurement: " + json + ": " + e.getOriginalMessage(), e);
        }
    }
}
