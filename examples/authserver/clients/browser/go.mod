module github.com/mintyard/mintyard/examples/authserver/clients/browser

go 1.26.0

replace (
	github.com/mintyard/mintyard => ../../../..
	github.com/mintyard/mintyard/authenticator/webauthn => ../../../../authenticator/webauthn
	github.com/mintyard/mintyard/examples/authserver => ../..
	github.com/mintyard/mintyard/store/sqlstore => ../../../../store/sqlstore
)

require (
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.23.0
	github.com/mintyard/mintyard/examples/authserver v0.0.0
	github.com/pquerna/otp v1.5.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/boombuler/barcode v1.0.1-0.20190219062509-6c824513bacc // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)
