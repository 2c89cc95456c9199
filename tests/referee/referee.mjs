// Answers requests with the decisions of an independent simulator: one JSON object a line in, one a line out for each
// request.
//
// In:  {"policy": policy}, not answered: requests name policies by their place among these, from 0; or
//      {"identity": [place, ...], "boundary": place or null, "resourcePolicy": policy or null, "principal": ARN,
//       "action": "s3:GetObject", "resource": ARN or "*", "context": {key: [value, ...]}, "checked": bool}
// Out: {"decision": "Allowed" | "ExplicitlyDenied" | "ImplicitlyDenied"} or {"error": text}
//
// `checked` lets the simulator refuse what does not exist: actions, resource types, malformed policies.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(process.cwd() + '/')
const { runSimulation, runUnsafeSimulation } = require('@cloud-copilot/iam-simulate')
// The simulator's own reader of policies, which validates one ahead of many requests.
const ofSimulator = createRequire(require.resolve('@cloud-copilot/iam-simulate'))
const { createValidatedPolicy, validateIdentityPolicy } = ofSimulator('@cloud-copilot/iam-policy')

// The simulator compares names of operators with `localeCompare`, which makes a collator each time: most of its time.
// One that is kept answers the same, since ECMA-402 defines `localeCompare` as the comparison of a new collator.
const collators = new Map()
String.prototype.localeCompare = function (other, locales, options) {
  const key = JSON.stringify([locales, options])
  if (!collators.has(key)) {
    collators.set(key, new Intl.Collator(locales, options))
  }
  return collators.get(key).compare(this, other)
}

const policies = []

function named(place, checked) {
  const known = policies[place]
  if (checked) {
    known.validated ??= createValidatedPolicy(known.policy, validateIdentityPolicy)
  }
  return { name: `policy-${place}`, policy: checked ? known.validated : known.policy }
}

function simulation(question) {
  const { identity, boundary, resourcePolicy, principal, action, resource, context, checked } = question
  // A key has one value or several, and the simulator tells the two apart.
  const values = Object.entries(context).map(([key, values]) => [key, values.length === 1 ? values[0] : values])
  return {
    request: {
      principal,
      action,
      resource: { resource, accountId: principal.split(':')[4] },
      contextVariables: Object.fromEntries(values)
    },
    identityPolicies: identity.map((place) => named(place, checked)),
    ...(boundary === null ? {} : { permissionBoundaryPolicies: [named(boundary, checked)] }),
    ...(resourcePolicy ? { resourcePolicy } : {}),
    serviceControlPolicies: [],
    resourceControlPolicies: []
  }
}

async function answer(question) {
  if (!question.checked) {
    return { decision: runUnsafeSimulation(simulation(question), {}) }
  }
  const result = await runSimulation(simulation(question), {})
  if (result.resultType === 'error') {
    return { error: JSON.stringify(result.errors) }
  }
  return { decision: result.overallResult }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line)
  if ('policy' in asked) {
    policies.push(asked)
    continue
  }
  let reply
  try {
    reply = await answer(asked)
  } catch (error) {
    reply = { error: String(error) }
  }
  process.stdout.write(JSON.stringify(reply) + '\n')
}
