import { expect, test } from "vitest";
import { parseMetrics } from "./textFormat.fixture.ts";

const head = (name: string, type: string) => `# HELP ${name} Words.\n# TYPE ${name} ${type}\n`;
const histogram = (...buckets: string[]) =>
  head("tac8_x_seconds", "histogram") +
  buckets.map((bucket) => `tac8_x_seconds_bucket{le="${bucket.split(" ")[0]}"} ${bucket.split(" ")[1]}\n`).join("") +
  "tac8_x_seconds_sum 3\ntac8_x_seconds_count 2\n";

test("reads labels unescaped", () => {
  const text = `${head("tac8_x", "gauge")}tac8_x{a="1 \\\\ \\" \\n",b="}"} 2\n`;
  expect(parseMetrics(text)).toEqual([
    {
      name: "tac8_x",
      help: "Words.",
      type: "gauge",
      series: [{ name: "tac8_x", labels: { a: '1 \\ " \n', b: "}" }, value: 2 }],
    },
  ]);
  expect(parseMetrics(histogram("1 1", "2 2", "+Inf 2"))).toHaveLength(1);
});

test.each([
  ["no line break at the end", "the last line has no line break", `${head("tac8_x", "gauge")}tac8_x 1`],
  ["a sample without HELP and TYPE", "outside its family", "tac8_x 1\n"],
  ["a sample of another family", "outside its family", `${head("tac8_x", "gauge")}tac8_y 1\n`],
  ["no TYPE", "outside its family", "# HELP tac8_x Words.\ntac8_x 1\n"],
  ["a TYPE first", "TYPE that does not follow", "# TYPE tac8_x gauge\n# HELP tac8_x Words.\ntac8_x 1\n"],
  ["no help text", "not a", "# HELP tac8_x \n# TYPE tac8_x gauge\n"],
  ["a family twice", "a second HELP", head("tac8_x", "gauge") + head("tac8_x", "gauge")],
  ["a series twice", "a series twice", `${head("tac8_x", "gauge")}tac8_x{a="1",b="2"} 1\ntac8_x{b="2",a="1"} 1\n`],
  ["a counter without _total", "end in _total", head("tac8_x", "counter")],
  ["a gauge with it", "end in _total", head("tac8_x_total", "gauge")],
  ["no base unit", "against the conventions", head("tac8_x_ms", "gauge")],
  ["no prefix", "against the conventions", head("x", "gauge")],
  ["a bare quote", "not escaped", `${head("tac8_x", "gauge")}tac8_x{a="""} 1\n`],
  ["a bare backslash", "not escaped", `${head("tac8_x", "gauge")}tac8_x{a="\\x"} 1\n`],
  ["a new line in a label", "not a sample", `${head("tac8_x", "gauge")}tac8_x{a="\n"} 1\n`],
  ["no number", "not a number", `${head("tac8_x", "gauge")}tac8_x undefined\n`],
  ["buckets that shrink", "not cumulative", histogram("1 2", "2 1", "+Inf 2")],
  ["no +Inf", "does not end with +Inf", histogram("1 1", "2 2")],
  ["another count", "+Inf is not the count", histogram("1 1", "+Inf 3")],
])("refuses %s", (_name, why, text) => {
  expect(() => parseMetrics(text)).toThrow(why);
});
