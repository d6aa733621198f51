// openid-client against the authserver: what most relying parties on Node.js are made of.
import assert from 'node:assert/strict'
import * as client from 'openid-client'
import { finish, refused, setup, step } from './authserver.mjs'
import { received, visit } from './browser.mjs'

const { origin, clientSecret, redirect, goodbye } = setup
const code = (error) => error.error

// connect discovers the server; every signature is checked, also where TLS would do.
const connect = (id, authentication, ...more) => client.discovery(
  new URL(origin), id, { client_secret: clientSecret }, authentication(clientSecret), { execute: [client.enableNonRepudiationChecks, ...more] },
)

// begin is an authorization request, with what its answer is held to.
async function begin(config, parameters = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() }
  const to = client.buildAuthorizationUrl(config, {
    redirect_uri: redirect, scope: 'openid profile email offline_access', state: checks.expectedState, nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256', ...parameters,
  })
  return { to, checks }
}

const web = await connect('web', client.ClientSecretBasic)

await step('the metadata says what the server can do', async () => {
  const metadata = web.serverMetadata()
  assert.equal(metadata.issuer, origin)
  assert.equal(metadata.authorization_response_iss_parameter_supported, true)
  assert.ok(metadata.supportsPKCE())
  for (const type of ['code', 'id_token', 'code id_token']) assert.ok(metadata.response_types_supported.includes(type), type)
  for (const mode of ['query', 'fragment', 'form_post']) assert.ok(metadata.response_modes_supported.includes(mode), mode)
})

for (const [id, authentication] of [['web', client.ClientSecretBasic], ['posting', client.ClientSecretPost], ['spa', client.None]]) {
  await step(`a code with PKCE: ${id}`, async () => {
    const config = await connect(id, authentication)
    const { to, checks } = await begin(config, { max_age: '3600' })
    const answer = await visit(to, id)
    assert.ok(answer.asked)
    const tokens = await client.authorizationCodeGrant(config, received(answer), { ...checks, maxAge: 3600, idTokenExpected: true })
    assert.equal(tokens.claims().sub, 'mia')
    assert.equal(tokens.expires_in, 600)
    const info = await client.fetchUserInfo(config, tokens.access_token, 'mia')
    assert.equal(info.email, 'mia@example.test')
    assert.equal(info.name, 'Mia')

    const renewed = await client.refreshTokenGrant(config, tokens.refresh_token)
    assert.equal(renewed.claims().sub, 'mia')
    assert.notEqual(renewed.refresh_token, tokens.refresh_token)

    // The code was copied: what came of it ends, what has come of its tokens too.
    await refused(client.authorizationCodeGrant(config, received(answer), checks), 'invalid_grant', code)
    await refused(client.refreshTokenGrant(config, renewed.refresh_token), 'invalid_grant', code)
  })
}

await step('the browser has a session: the next sign-in asks nothing, and nothing is what prompt=none wants', async () => {
  for (const parameters of [{}, { prompt: 'none' }]) {
    const { to, checks } = await begin(web, parameters)
    const answer = await visit(to, 'web')
    assert.equal(answer.asked, false)
    assert.equal((await client.authorizationCodeGrant(web, received(answer), checks)).claims().sub, 'mia')
  }
  const { to, checks } = await begin(web, { prompt: 'none' })
  await refused(client.authorizationCodeGrant(web, received(await visit(to, 'nobody')), checks), 'login_required', code)
})

await step('the person signs in again where the client wants it', async () => {
  const { to, checks } = await begin(web, { prompt: 'login' })
  const answer = await visit(to, 'web')
  assert.ok(answer.asked)
  await client.authorizationCodeGrant(web, received(answer), checks)
})

await step('a code with PKCE in a form that is posted', async () => {
  const { to, checks } = await begin(web, { response_mode: 'form_post' })
  const answer = await visit(to)
  assert.ok(answer.form)
  assert.equal((await client.authorizationCodeGrant(web, received(answer), checks)).claims().sub, 'mia')
})

for (const mode of ['fragment', 'form_post']) {
  await step(`hybrid: code id_token, ${mode}`, async () => {
    const config = await connect('web', client.ClientSecretBasic, client.useCodeIdTokenResponseType)
    const { to, checks } = await begin(config, { response_mode: mode })
    assert.equal(to.searchParams.get('response_type'), 'code id_token')
    const tokens = await client.authorizationCodeGrant(config, received(await visit(to)), checks)
    assert.equal(tokens.claims().sub, 'mia')
    assert.equal((await client.fetchUserInfo(config, tokens.access_token, 'mia')).name, 'Mia')
  })

  await step(`implicit: id_token, ${mode}`, async () => {
    const config = await connect('web', client.ClientSecretBasic, client.useIdTokenResponseType)
    const { to, checks } = await begin(config, { response_mode: mode, scope: 'openid email' })
    for (const name of ['code_challenge', 'code_challenge_method']) to.searchParams.delete(name)
    const claims = await client.implicitAuthentication(config, received(await visit(to)), checks.expectedNonce, { expectedState: checks.expectedState })
    assert.equal(claims.sub, 'mia')
    assert.equal(claims.email, 'mia@example.test', 'without an access token there is no other place for it')
  })
}

await step('introspection and revocation', async () => {
  const { to, checks } = await begin(web)
  const tokens = await client.authorizationCodeGrant(web, received(await visit(to)), checks)
  const told = await client.tokenIntrospection(web, tokens.access_token)
  assert.deepEqual([told.active, told.sub, told.client_id, told.token_type], [true, 'mia', 'web', 'Bearer'])
  assert.equal((await client.tokenIntrospection(web, tokens.refresh_token, { token_type_hint: 'refresh_token' })).active, true)
  const other = await connect('posting', client.ClientSecretPost)
  assert.equal((await client.tokenIntrospection(other, tokens.refresh_token)).active, false, 'it is nobody else\'s business')

  await client.tokenRevocation(web, tokens.refresh_token)
  await refused(client.refreshTokenGrant(web, tokens.refresh_token), 'invalid_grant', code)
  assert.equal((await client.tokenIntrospection(web, tokens.access_token)).active, false)
  assert.equal((await client.tokenIntrospection(web, 'no token')).active, false)
})

await step('the person signs out, and is sent back; with a token of theirs nobody is asked', async () => {
  const { to, checks } = await begin(web)
  const answer = await visit(to, 'leaving')
  const tokens = await client.authorizationCodeGrant(web, received(answer), checks)
  const state = client.randomState()
  const parameters = { post_logout_redirect_uri: goodbye, state }
  const { url, asked } = await visit(client.buildEndSessionUrl(web, { ...parameters, id_token_hint: tokens.id_token }), 'leaving')
  assert.equal(asked, false)
  assert.equal(`${url}`, `${goodbye}?state=${encodeURIComponent(state)}`)
  const silent = await begin(web, { prompt: 'none' })
  await refused(client.authorizationCodeGrant(web, received(await visit(silent.to, 'leaving')), silent.checks), 'login_required', code)

  await visit((await begin(web)).to, 'leaving')
  assert.ok((await visit(client.buildEndSessionUrl(web, parameters), 'leaving')).asked, 'anybody could have sent the browser there')
})

await step('an answer that is another\'s is refused by the client', async () => {
  const { to, checks } = await begin(web)
  const answer = await visit(to)
  answer.url.searchParams.set('iss', 'https://evil.example')
  await refused(client.authorizationCodeGrant(web, received(answer), checks), 'OAUTH_INVALID_RESPONSE', (error) => error.code)
})

finish()
