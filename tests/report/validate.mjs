// Validates a SARIF file by its schema, and by what code scanning asks of it. Prints what is wrong as a JSON array of lines.
//
//     node validate.mjs FILE.sarif

import { createRequire } from 'node:module';
import { chmodSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';

const require = createRequire(`${process.cwd()}/`);
const tool = join(dirname(require.resolve('@microsoft/sarif-multitool-linux/package.json')), 'Sarif.Multitool');
chmodSync(tool, 0o755);
const ran = spawnSync(tool, ['validate', process.argv[2], '--rule-kind', 'Sarif;Gh', '--level', 'Error;Warning'], {
  // Without it the runtime asks for a library of the system's that sorts texts of all languages.
  env: { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: '1' },
  encoding: 'utf8',
  maxBuffer: 1 << 28,
});
if (!ran.stdout?.includes('files scanned')) throw new Error(`the validator did not run: ${ran.error ?? ran.stdout + ran.stderr}`);
console.log(JSON.stringify(ran.stdout.split('\n').filter((line) => /: (error|warning) /.test(line))));
