// A runner that exits during a search that takes minutes. It prints the pid of the scanner. Argument: a value to search for.
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { ProcessPool } from "../../process/pool.ts";
import { findInTexts } from "../findSecrets.ts";
import { startScanner } from "../scanner.ts";

const value = process.argv[2] ?? "";
const scanners = new ProcessPool({ start: startScanner, maxIdle: 1 });
const texts = [{ name: "text", text: `${value}\n`.repeat(1_000_000) }];
void findInTexts({ texts, values: [value], scanners, signal: new AbortController().signal });
const pid = readFileSync("/proc/thread-self/children", "utf8").trim();
// The whole text has arrived when the scanner has grown.
while (Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) < 150_000) await pause(20);
process.stdout.write(pid, () => process.exit(0));
