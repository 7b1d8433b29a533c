package org.sgquant.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.tensor.BitWidth;

final class BitAssignmentTest {

    private static final int[] DEGREES = {0, 1, 1, 2, 3, 5, 8, 13};

    /** Two layers with every component. */
    private static final List<Cell> CELLS = IntStream.rangeClosed(1, 2)
            .boxed()
            .flatMap(l -> java.util.Arrays.stream(Component.values()).map(c -> new Cell(l, c)))
            .toList();

    private static final List<BitWidth> WIDTHS = List.copyOf(EnumSet.allOf(BitWidth.class));

    private static BitAssignment parse(String text) {
        return BitAssignment.parse(text, CELLS, DEGREES);
    }

    private static List<Integer> bits(BitAssignment assignment, String cell) {
        return assignment.widths(Cell.parse(cell)).stream().map(BitWidth::bits).toList();
    }

    @Test
    void everyAssignmentParsesBackFromItsOwnText() {
        long seed = Long.getLong("sgquant.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            int[] splits =
                    random.ints(random.nextInt(4), 0, 30).sorted().distinct().toArray();
            DegreeBuckets buckets = new DegreeBuckets(splits);
            Map<Cell, List<BitWidth>> widths = new LinkedHashMap<>();
            for (Cell cell : CELLS) {
                List<BitWidth> list = new ArrayList<>();
                int n = cell.component().hasBuckets() && random.nextBoolean() ? buckets.count() : 1;
                for (int b = 0; b < n; b++) {
                    BitWidth width = WIDTHS.get(random.nextInt(WIDTHS.size()));
                    list.add(cell.component() == Component.ATTENTION && width.isFloat() ? BitWidth.Q5 : width);
                }
                if (random.nextInt(5) > 0) {
                    widths.put(cell, list);
                }
            }
            BitAssignment assignment = BitAssignment.of(widths, buckets);
            BitAssignment parsed = parse(assignment.toString());
            String replay = "replay with -Dsgquant.seed=" + seed + ": " + assignment;
            assertThat(parsed).as(replay).isEqualTo(assignment).hasSameHashCodeAs(assignment);
            assertThat(parsed.toString()).as(replay).isEqualTo(assignment.toString());
            assertThat(parsed.buckets()).as(replay).isEqualTo(buckets);
            for (Cell cell : CELLS) {
                assertThat(parsed.widths(cell)).as(replay).isEqualTo(assignment.widths(cell));
                assertThat(parsed.isFp32(cell))
                        .as(replay)
                        .isEqualTo(parsed.widths(cell).stream().allMatch(w -> w == BitWidth.FP32));
            }
        }
    }

    @Test
    void laterWordsOverrideEarlierOnesAndWhatIsNotNamedStaysAt32() {
        BitAssignment a = parse("8 L1=4 message=[2,3,16] L2.message=1 L1.attention=32 @deg(1,5)");
        assertThat(bits(a, "L2.embedding")).containsExactly(8, 8, 8);
        assertThat(bits(a, "L1.embedding")).containsExactly(4, 4, 4);
        assertThat(bits(a, "L1.message")).containsExactly(2, 3, 16);
        assertThat(bits(a, "L2.message")).containsExactly(1, 1, 1);
        assertThat(bits(a, "L1.weight")).containsExactly(4);
        assertThat(a.isFp32(Cell.parse("L1.attention"))).isTrue();
        assertThat(parse("embedding=e4m3 L1.message=[e2m1,4,4,8] @deg(1,2,5)"))
                .hasToString("L1.embedding=e4m3 L1.message=[e2m1,4,4,8] L2.embedding=e4m3 @deg(1,2,5)");
        assertThat(bits(parse("message=4"), "L1.embedding")).containsExactly(32);
        assertThat(bits(parse("message=4 8"), "L1.message")).containsExactly(8);
        assertThat(parse("32")).hasToString("32");
        assertThat(parse("message=[4,4,4,4] @quartiles")).hasToString("L1.message=4 L2.message=4 @deg(1,2,5)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "9|bit width 9 does not exist: choose one of 1 2 3 4 5 6 7 8 16 e2m1 e3m2 e4m3 e5m2 or 32 (not quantized)",
                "e4m4|bit width e4m4 does not exist: choose one of 1 2 3 4 5 6 7 8 16 e2m1 e3m2 e4m3 e5m2 or 32 (not quantized)",
                "e4m3|bits of L1.attention: attention and edge weights are integers that are summed, give an integer"
                        + " width or 32 instead of e4m3",
                "L1.message=12|bit width 12 does not exist: choose one of 1 2 3 4 5 6 7 8 16 e2m1 e3m2 e4m3 e5m2 or 32"
                        + " (not quantized)",
                "99999999999|bit width 99999999999 does not exist: choose one of 1 2 3 4 5 6 7 8 16 e2m1 e3m2 e4m3 e5m2 or 32"
                        + " (not quantized)",
                "[4,,2]|bits '[4,,2]': a width is missing",
                "[]|bits '[]': a list of widths must not be empty",
                "L1.nosuch=4|bits 'L1.nosuch=4': 'L1.nosuch' names no cell of this model, which has L1.embedding"
                        + " L1.attention L1.message L1.hidden L1.weight L1.weight2 L2.embedding L2.attention L2.message L2.hidden"
                        + " L2.weight L2.weight2",
                "4 L1=2 L1=3|bits '4 L1=2 L1=3': 'L1' is given twice",
                "4 5|bits '4 5': '5' is given twice",
                "four|bits 'four': 'four' is not of the form 4, L1=4, message=4, L1.message=4, L1.message=[4,2,2,1] or"
                        + " @deg(2,3,5)",
                "L1.message=[4,2]|bits of L1.message: got 2 widths [4,2] for 1 degree buckets; give the borders as"
                        + " @deg(2,3,5) or @quartiles",
                "L1.message=[4,2] @deg(1,2)|bits of L1.message: got 2 widths [4,2] for 3 degree buckets",
                "L1.weight=[4,2] @deg(1)|bits of L1.weight: weights have no degree buckets, give one width instead of"
                        + " [4,2]",
                "4 @deg(x)|degree splits '@deg(x)' are not of the form @deg(2,3,5) or @quartiles",
                "4 @deg(5,5)|degree splits must be ascending and not negative, got [5, 5]",
                "4 @deg(99999999999)|degree splits '@deg(99999999999)' hold a number that is no degree",
            })
    void whatIsWrongIsSaidInOneSentence(String text, String message) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource({"message", "L.message", "l1.message", "L1", "L1.nosuch", "LX.message"})
    void whatIsNoCellIsRefused(String text) {
        assertThatThrownBy(() -> Cell.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(text.equals("L1.nosuch") ? "nosuch" : text);
    }
}
