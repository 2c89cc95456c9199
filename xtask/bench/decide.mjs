// Decides the requests of a file with iam-simulate, one after the other; prints how many were allowed, of how many, and the nanoseconds.
// The simulator is found from the working directory, where it was installed.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(join(process.cwd(), 'package.json'))
const { runSimulation, runUnsafeSimulation } = require('@cloud-copilot/iam-simulate')

const [file, validation] = process.argv.slice(2)
const { principal, policies, requests } = JSON.parse(readFileSync(file, 'utf8'))

let allowed = 0
const start = process.hrtime.bigint()
for (const [policy, action, resource] of requests) {
    const simulation = {
        request: {
            principal,
            action,
            resource: { resource, accountId: '111122223333' },
            contextVariables: { 'aws:RequestedRegion': 'eu-west-1', 'aws:PrincipalArn': principal },
        },
        identityPolicies: [{ name: 'policy', policy: policies[policy] }],
        serviceControlPolicies: [],
        resourceControlPolicies: [],
    }
    if (validation === 'without-validation') {
        allowed += runUnsafeSimulation(simulation, {}) === 'Allowed'
        continue
    }
    const answer = await runSimulation(simulation, {})
    if (answer.resultType === 'error') {
        throw new Error(`${action} on ${resource}: ${JSON.stringify(answer.errors)}`)
    }
    allowed += answer.overallResult === 'Allowed'
}
const time = process.hrtime.bigint() - start
console.log(`${allowed} ${requests.length} ${time}`)
