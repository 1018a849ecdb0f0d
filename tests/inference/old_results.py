"""Results pickled by mlefit 0.1, before its files moved into rooms: zlib and base64 of the bytes."""

PICKLES = {
    "gaussian": (
        "eNp1kkFrE0EUx5M022zEmKpUbzXe4iXQm4dCIoEmZCGHUnoSlsnuJLN0d2edmQ3kIOihtZGBKHn6IfopxHt7K9i7l/ZW0FtB"
        "32SNgto5LG92/m/e7/3fvCp+aK/kFktXopAOA9UQVKahAl3eDtROFs/hyWt4CXVtRdynIWi7Q1IpAxKDtmISUQm6GFGzXZXK"
        "9+kYDvECKlUQEYWnmMvsTmstK8XKnVb+cveUnZ2nuioViX0ifJcKwcVS27zKBKhtXuxVusd2L9W3PD4mAst6FPSDOI2SScP1"
        "uKCNCDEDIgSZgL7tCurxWCqReoYdEY0SdMnUMZI5OLkDaOcH8AZ2oO7knYJTOAR2X1u+miTUJBWGT2F6lJ2v6PwW9Pv93g9c"
        "i4+TUzCYtmvvPn+vP69+a+b+WrPF/69NQJm+E/KRGwb7NAwY5z50Pj0+2djsXs90MeYDCU5RlxF4TMWI+nCkS2ioJCPscV3y"
        "cEz9WhDXvJBLjIZcRNgJC6TiYgLsHls3vbCHy07yuHk0bduz6+7mxkm+tSBYjahiWFlXQkqkqskXKRFmatU/jrqLzrWNRFRg"
        "UQxlmiRcKDNdQYmZe8JloIIxNfO1XMG5+g9CZiZC1M7P2Onu5dU/9vTs425l7yKzx0Jv4n3o61XXS7EyRrabCD4MQuQpD9PY"
        "U5yHSFFKiMAxh2Y+d389V8ylRLgYAns2hwPDwLbrNxuTEawtjLlZtSQ3qt+v1SkqfJ79DNonikD9rUU/zr7k3kM6aPwEk81D"
        "Ug=="
    ),
    "line": (
        "eNp1U0FrE0EUTky2TdPWRtQiFCXQHiIp8VQRWkkgYIqpEYunHFw2u5Ps2N2d7cxsJFDFHlLbMiKSqf6DgtDSkyBVyMFbj56E"
        "ItKDJ0sLngV9u9voQTuH3Te735v3fd+89zS+cRCLBEsM2xaqY56jiHkWl2LgFubzYdyRV5flY5kRik0MZEmRmsMO0ug8agCa"
        "YeJIoTiajRi8mUVcBOnY4YjqyIWj+hg3DNSUz+AzYhzbGgcoHGgmSoWwfMQcKOWPfwXLTJby3erS4b55xxMjjGuOoVFDRZQS"
        "2kvLbw2OHVXttp+2O72Ympma9NM2sxsr28lxTyR10tQo1hwduIw6nu22cqpOKMrZoAhrlGotKYZUinTiME493ZcJKnykFP1+"
        "SR/SkeVIWxajNSA/LzPlaDlWjq1I84JQDN4CoZB0pn5Drq2G/2MiOiMrlcptX0jwKEe4rK0VZ38+efiBd8z8za93n792aPdE"
        "d6S3v3zty0TfcjsfOWW9v9L+fu/dg7yE48RZizRUCy8gC5uEGLJUUPaGsoUdIeIOqTFZjosBENZEtIEMuSr64W6Y1gAvLjJi"
        "NZGRxk5atwiDqE6oDYpNzDihLWmeN0d9zealnuIobNJrxYTYKWSH9r51AwZ9NuImVBbDFtIYT7NFT6N+A4z8dV4NHBIJYIQo"
        "FIWQea5LKAdcnCLNkuZ1kXAJwxw3kd8fikoJ4f8hEdoONGZ7hrTt6tHY4NYfw+bM/cOl6k5+4tPHH/cTb7unGTme3F7ZyG6G"
        "RirgorMAxLCBHI453H2fqnvAVlZEQnUpqWPLb+e65+icEAuY97sahRay/Ls/dzI1VjAQKoTSLHZk22dtzmb+1XEmNDN1QqYQ"
        "tvxxwOZ0dE/r5NRManF6N0D3hmSuHOcwFZVQjqFxTWbWlTePjg4i6wp69eJz5KX0arnfltx3yQ=="
    ),
    "logistic": (
        "eNptUs9rE0EUTppsshVrpcVKT11vkUKsP8BaCluM2NpIKMGDVnQ72Z1kx2524uxsJAdBwdZWB610vIgIXqz+DUIb8dAiiFIV"
        "SgUVDwVrRUQoKmJ9m6BenMO8Geab9973fe9C9OaOSKi2RFPRwXnCkwx7vsOlaDxMeLZ+npY7L8rzMiGUIrWwI0XLUVogHidm"
        "FhcA7xHqSqG4qIg9iJ5DSxgSEJdjZuISl+Nww4AvIg4IyGSr/fpX537XrYcLdmN/Ve1f7H105pAvmj2OXAsxy8CMUfYX+2nv"
        "yt3nCRWwfdFTd+ZHOnO+2GTSMmIEuSYUa3P9YqmSNEzKcLIITRPEGKpIsdlg2KSux5lvBkygzQApRTyoE0CmZTo0JlPhnLws"
        "szKRDqcb0g3j0m4VisUrwAQ+NeS75eRE/T0iwr0yk8kMbsCqbekQl7nJlDZ05OOe/L1VfarpxduNmVD1T3z6Cs92rbX3SYCJ"
        "LQ4tGA4ZxQ6xKbWkvVXEPBM5iEEhuyOl7pqJPF5djFRBtawUUZfmPJmOiUZgUcasgC05IeKgtIcKQLyH21grMGQR7HKtjFzi"
        "2djTQEUteBkI3EGuRjytRD3CSRlrFvjsEg6f4za4SFlF2i32tkAFe/sfDeJw6ZhMdX8+8OPXweSK/pPlT/KVN7oMxRNtS8v6"
        "0v7hd+Gzy3rr+sLra+6yfqxn+EQQ9X31WOMaK2JuA0cRy+BzPBiS5n+mGTVxhQr8MCsDLaF6fqlEGYchijKMHGn3wOQoBqOU"
        "/6fFuk3QpPbt+/HUEF3TBy5dHZi6/WTOPL37wdjLSHV9fuRD5Pr7uVozCqjujkI+MIDAgMcM04e6MiNUo8RonjjBWTEsxJFM"
        "XFHaw51fQoPPZh31hvRzyd8vUlFs"
    ),
    "poisson": (
        "eNptUktoU0EUTZp/UWsttghinyglpRAQC0oRXyHQ1kaiZCcUnpP3pnljX96EmUk0YvFTrU0ZKdLpwoW49gMp1LWt36WfuqrV"
        "Ct3Uz0oQqaDofYnVjbOYO8OcO/ecc++F4MyugK+25Oa8g4eJSDDMi45QMtZHRKZ+nladF9WoistQnlrYUbL5OCWcUzeDcwDn"
        "hLpKhlyUxxwid2gBQz5xBWYmLgg1DjfMBckjAQj4yI72629vnhg5uXzZjvUv+GZnjzw2VoqyiQvkWohZBmaMsr/YpRvm1LHu"
        "KcDq3w/8iC3fvV+UjSYtIUaQa0KxVreYL5QThkkZTuSBM0GMobKSmwyGTepywYqmJwRoekglI14dDzKtUr4rKunPqqsqo+Ip"
        "f6oh1TCu7BYZskQZlEBSw/BBVZmovwek/5BKp9ODv2DVtpRPqGwlqT360PVq8uwTPdRrf7r9dHV+I1Z7Jh8uvw/0KoDJLQ7N"
        "GQ4ZwQ6xKbWUvVWGuYkcxKCQ3Z6Mrp5Z/PpmqHkBXMsoGXRplqtUWMZARQmzHLbUhIyA0xzlQHiPsLGWY8gi2BVaCbmE25hr"
        "4KLmvQx43UGuRrhWoJwIUsKaBW12iYDkiE24oKys7G32ds8Fu23Dgwhc2ivJg+s7R8/vbvusv9uvrZy7taYPtHTH93Wu6ZX+"
        "Oz/LHWv666Db58VL3/K1OPYn1rSG81jYoFGG0/i08Iak6V/TjJq5Mgr6MCuBLBnlxUKBMgFDFGQYOcrugckJGYxS8R+K9TYB"
        "Sc2p7vGNdSzNn6pe23uvdU4/Wp2beflsXf84dJg1Pl+skwmB6+6IkgFoADAyzCJUVWkZNQqMDhPHO4cMCwmk4pOhHf6uL77B"
        "Fw+c6HVVzCZ+A8IRUDc="
    ),
    "curve": (
        "eNp1Us9rE0EU3ppsmqbVCpVSKMoWClYiEQV/YSGBgqlGohZPObhMstPM2N2ddGY2EqhiKf3JWJW+6j8gBaGlB1FECj1460HE"
        "gwhFxIMnSwVvPelsUuvFPtidGeZ9733f++ZBdNGLGPVQBz0XD1OZ4lgErgTVcpnKocZ+AU6Mwz3oU6bHHOyC6sgz36U+RnwI"
        "lzVAUOaDMn3kYQGqCemvCCompOPgKkzrYlhI6iGpr3UdEs+mf/6uB2nJZhoEDJLIptcLY1ub5Eqg2oVEvoO4Y2POGd+Dvb00"
        "erj/bFLD0sut3dsFbyKELSUXp1YSPYFKlFgVcYr8EgbV6QdepZayS4zjlKeFUMQ5qoFqszkuMV9IHpRCdZp5mAmqOWwZpixA"
        "zpiEAa1iGoagL9eUi+QiU0COKNORtQoOQQeGL8DsTOM+opr6IZ/PXw011X85Q0JxdmDw6KkvvbHxyXT/1+sPn/l8fVes8fe8"
        "c//OmlwgaWOfeH1s8sfNN7fToMupQy4r2y4dwS4ljDmQzZgbbcnM6mMV9VlRQC6qWrSwKuZl7MCMatZ+CFTWszgvCba0U9QJ"
        "kCssxLHFuCSszHzkWpJZ4X0p4FV8XFgO5rSKJK2GbjYTKiTjNSAdpDOcCunam4k+WLMDXe9vPP9wGhkZtZpJtm18X5/fXeuc"
        "Yx7WfRxth4uRkJYYDXR3cdI6YwmJK7pD+z/T7PpwVVyLwZqLRsVFUKloqjovyjFygZxT8QoTNKQXPi3T5ozJ/7GrO6b5DebI"
        "5tZYYTXd+/Hdr1vxV3sezF/89DK6c21twitsd7cu7+tBT2JlajG51PDA1Ab4I5oYdbAvqdTPJmbXJwd5FbcrnA1TN9ybtoMk"
        "gr4588Xd7W/GnImfPvpsPIGgmPoDZXNOgw=="
    ),
}
