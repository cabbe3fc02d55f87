#!/usr/bin/env node
// Starts the program of this machine's platform, which npm installed as an optional dependency.
"use strict";
const { spawnSync } = require("node:child_process");

const musl = () => process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
const name = `@llmlint/${process.platform}-${process.arch}${musl() ? "-musl" : ""}`;
const program = process.platform === "win32" ? "llmlint.exe" : "llmlint";
let path;
try {
  path = require.resolve(`${name}/${program}`);
} catch {
  console.error(`llmlint: there is no ${name} here: it has no program for this platform, or npm left optional packages out`);
  process.exit(2);
}
const ran = spawnSync(path, process.argv.slice(2), { stdio: "inherit" });
if (ran.error) {
  console.error(`llmlint: ${path} can't be run: ${ran.error.message}`);
  process.exit(2);
}
// A program that a signal ended ends us by the same.
if (ran.signal) process.kill(process.pid, ran.signal);
process.exit(ran.status ?? 2);
