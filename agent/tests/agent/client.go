// Makes calls: `wait`, or port, prefix of the paths, how many.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	if os.Args[1] == "wait" {
		time.Sleep(time.Second)
		return
	}
	calls, err := strconv.Atoi(os.Args[3])
	check(err)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	client := &http.Client{Transport: transport}
	for number := 0; number < calls; number++ {
		method, body, folder, status := "GET", "", "", 200
		if number%2 == 1 {
			method, body = "POST", "a=b"
		}
		if number%5 == 0 {
			folder, status = "denied/", 403
		}
		address := fmt.Sprintf("https://127.0.0.1:%s%s/%s%d", os.Args[1], os.Args[2], folder, number)
		request, err := http.NewRequest(method, address, strings.NewReader(body))
		check(err)
		answer, err := client.Do(request)
		check(err)
		if answer.StatusCode != status {
			panic(answer.Status)
		}
		_, err = io.Copy(io.Discard, answer.Body)
		check(err)
		answer.Body.Close()
		if number%10 == 9 {
			client.CloseIdleConnections()
		}
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
