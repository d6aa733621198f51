package authenticator

import (
	"cmp"
	"slices"
	"strings"
)

// commonPasswords are what people choose when they are asked for a password, from
// the published lists of what was found in breaches: words that they make long
// ones of, and what is long already. Sequences are found without a list. The
// longest come first. It is no substitute for a large one, which is what
// PasswordConfig.Blocked is for.
var commonPasswords = func() []string {
	list := strings.Fields(`
		password passwort passwords passwd passw0rd motdepasse contraseña contrasena parola senha wachtwoord lösenord salasana haslo heslo
		mypassword newpassword yourpassword thisismypassword thisisapassword notmypassword password123 secretpassword
		letmein letmeinnow welcome welcome1 changeme changeit default administrator admin root toor superuser superadmin guest login logmein
		master secret topsecret access trustno1 opensesame sesame nopassword noidea whatever unknown
		iloveyou iloveyouforever loveyou lovely mylove forever iloveu iloveme ichliebedich teamo tequiero jetaime tiamo
		sunshine princess princesa princesse dragon monkey shadow flower butterfly angel angels prince queen king honey sweetheart darling babygirl
		football fussball baseball basketball soccer hockey liverpool chelsea arsenal barcelona realmadrid juventus manchester yankees cowboys lakers
		superman batman spiderman starwars pokemon pikachu minecraft fortnite naruto harrypotter gandalf matrix terminator
		computer internet samsung iphone google facebook instagram twitter youtube microsoft windows linux android
		michael jennifer jessica daniel michelle ashley charlie jordan thomas andrew joshua robert nicole matthew anthony maria
		summer winter spring autumn sommer january february march april june july august september october november december
		monday tuesday wednesday thursday friday saturday sunday birthday christmas
		qwerty qwertz azerty qazwsx qazwsxedc zaq12wsx 1qaz2wsx 1qaz2wsx3edc 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 zaq1xsw2 a1b2c3d4 a1b2c3d4e5
		test testing test123 tester temp temporary example sample demo user username company letmein123
		fuckyou fuckoff asshole bitch pussy blink182 metallica slipknot hellokitty mustang ferrari porsche mercedes harley
		cheese cookie chocolate banana orange pepper ginger purple freedom phoenix tigger hunter killer ninja jesus jesuschrist blessed heaven
		correcthorsebatterystaple`)
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return list
}()
