import { runApp } from "@tac8/core/app/main";
import { start } from "./start.ts";

await runApp("board", start);
