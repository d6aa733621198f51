// oauth4webapi against the authserver: it checks every answer against the letter of the
// specifications, headers included.
import assert from 'node:assert/strict'
import * as oauth from 'oauth4webapi'
import { finish, setup, step } from './authserver.mjs'
import { received, visit } from './browser.mjs'

const { origin, clientSecret, redirect } = setup
const issuer = new URL(origin)
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer))

// begin is an authorization request of a client, with what its answer is held to.
async function begin(client, parameters = {}) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const nonce = oauth.generateRandomNonce()
  const to = new URL(as.authorization_endpoint)
  to.search = new URLSearchParams({
    client_id: client.client_id, redirect_uri: redirect, response_type: 'code', scope: 'openid profile email offline_access', state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...parameters,
  })
  return { to, verifier, state, nonce }
}

// redeem exchanges a validated answer.
async function redeem(client, authenticate, parameters, { verifier, nonce }, maxAge) {
  const response = await oauth.authorizationCodeGrantRequest(as, client, authenticate, parameters, redirect, verifier)
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true, maxAge })
  await oauth.validateApplicationLevelSignature(as, response)
  return tokens
}

await step('the metadata of RFC 8414, at its own address', async () => {
  const other = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2' }))
  assert.equal(other.token_endpoint, as.token_endpoint)
  assert.equal(as.authorization_response_iss_parameter_supported, true)
})

for (const [id, authenticate] of [
  ['web', oauth.ClientSecretBasic(clientSecret)], ['posting', oauth.ClientSecretPost(clientSecret)], ['spa', oauth.None()],
]) {
  await step(`code, ID token, UserInfo, refresh: ${id}`, async () => {
    const client = { client_id: id }
    const request = await begin(client, { max_age: '60' })
    const { url } = await visit(request.to)
    const tokens = await redeem(client, authenticate, oauth.validateAuthResponse(as, client, url, request.state), request, 60)
    const claims = oauth.getValidatedIdTokenClaims(tokens)
    assert.equal(claims.sub, 'mia')
    assert.equal(tokens.token_type, 'bearer')

    const info = await oauth.processUserInfoResponse(as, client, 'mia', await oauth.userInfoRequest(as, client, tokens.access_token))
    assert.deepEqual([info.name, info.email, info.email_verified], ['Mia', 'mia@example.test', true])

    // The access token is one of RFC 9068, as a resource server would check it.
    const presented = new Request('https://api.example/orders', { headers: { authorization: `Bearer ${tokens.access_token}` } })
    const access = await oauth.validateJwtAccessToken(as, presented, 'api://shop')
    assert.deepEqual([access.sub, access.client_id, access.scope], ['mia', id, 'openid profile email offline_access'])

    const response = await oauth.refreshTokenGrantRequest(as, client, authenticate, tokens.refresh_token)
    const renewed = await oauth.processRefreshTokenResponse(as, client, response)
    await oauth.validateApplicationLevelSignature(as, response)
    assert.equal(oauth.getValidatedIdTokenClaims(renewed).auth_time, claims.auth_time)

    await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, authenticate, renewed.refresh_token))
    const late = await oauth.refreshTokenGrantRequest(as, client, authenticate, renewed.refresh_token)
    await assert.rejects(oauth.processRefreshTokenResponse(as, client, late), { error: 'invalid_grant', status: 400 })
  })
}

await step('a token that is not one: the challenge can be read', async () => {
  const response = await oauth.userInfoRequest(as, { client_id: 'web' }, 'no-token')
  const error = await oauth.processUserInfoResponse(as, { client_id: 'web' }, 'mia', response).then(() => assert.fail(), (error) => error)
  assert.equal(error.status, 401)
  assert.deepEqual([error.cause[0].scheme, error.cause[0].parameters.error], ['bearer', 'invalid_token'])
})

await step('introspection', async () => {
  const client = { client_id: 'web' }
  const request = await begin(client)
  const { url } = await visit(request.to)
  const tokens = await redeem(client, oauth.ClientSecretBasic(clientSecret), oauth.validateAuthResponse(as, client, url, request.state), request)
  const response = await oauth.introspectionRequest(as, client, oauth.ClientSecretBasic(clientSecret), tokens.access_token)
  assert.equal((await oauth.processIntrospectionResponse(as, client, response)).sub, 'mia')
})

await step('hybrid: the hash of the code is in the ID token of the front channel', async () => {
  const client = { client_id: 'web' }
  const request = await begin(client, { response_type: 'code id_token' })
  const parameters = await oauth.validateCodeIdTokenResponse(as, client, (await visit(request.to)).url, request.nonce, request.state)
  const tokens = await redeem(client, oauth.ClientSecretBasic(clientSecret), parameters, request)
  assert.equal(oauth.getValidatedIdTokenClaims(tokens).sub, 'mia')
})

await step('hybrid in a form that is posted', async () => {
  const client = { client_id: 'web' }
  const request = await begin(client, { response_type: 'code id_token', response_mode: 'form_post' })
  const parameters = await oauth.validateCodeIdTokenResponse(as, client, received(await visit(request.to)), request.nonce, request.state)
  await redeem(client, oauth.ClientSecretBasic(clientSecret), parameters, request)
})

await step('a refusal comes back with the issuer and the state', async () => {
  const client = { client_id: 'web' }
  const { to, state } = await begin(client, { prompt: 'none' })
  const { url } = await visit(to, 'nobody')
  assert.throws(() => oauth.validateAuthResponse(as, client, url, state), { error: 'login_required' })
})

finish()
