BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $app = @(Get-AppPlace)
}
BeforeAll { . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1') }

Describe 'Get-ImageContent' {
    It 'gives the lines of a file of the image in <Place>' -ForEach $app {
        Skip-Without App, $Key
        Get-ImageContent $Name /srv/data/motd | Should -BeExactly 'welcome'
        Get-ImageContent $Name /srv/data/two.txt | Should -BeExactly 'one'
    }

    It 'gives what Get-Content gives for the same file: <Form>' -ForEach @(
        @{ Form = 'lines'; Parameters = @{} }, @{ Form = 'one string'; Parameters = @{ Raw = $true } }
        @{ Form = 'bytes'; Parameters = @{ AsByteStream = $true } }, @{ Form = 'an array'; Parameters = @{ AsByteStream = $true; Raw = $true } }
        @{ Form = 'latin1'; Parameters = @{ Encoding = 'latin1' } }
    ) {
        $file = Get-ImageFile "oci:$($World.Sample):1.0" -FilePath '**/README.md' | Select-Object -First 1
        $copy = Join-Path $TestDrive 'readme'
        Get-ImageContent $file.Image $file.FilePath -OutFile $copy -Force
        Get-FileSha256 $copy | Should -BeExactly (Get-ImageFile $file.Image -FilePath $file.FilePath -Hash).Digest
        $expected = Get-Content $copy @Parameters
        $actual = $file | Get-ImageContent @Parameters
        @($actual).Count | Should -Be @($expected).Count
        $actual | Should -BeExactly $expected
        if ($Form -eq 'an array') { , $actual | Should -BeOfType ([byte[]]) }
    }

    It 'gives a program byte by byte, through links' {
        Skip-Without App
        $busybox = (Get-Command busybox -CommandType Application | Select-Object -First 1).Source
        $copy = Join-Path $TestDrive 'ls'
        Get-ImageContent "$($World.Registry)/fixture/app:1.0" /bin/ls -OutFile $copy
        Get-FileSha256 $copy | Should -BeExactly (Get-FileSha256 $busybox)
        Get-ImageContent "$($World.Registry)/fixture/app:1.0" /bin/ls -OutFile $copy -ErrorVariable errors -ErrorAction SilentlyContinue
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'FileExists,*'
    }

    It 'reads no layer where -OutFile is to take two files' {
        Skip-Without App
        $copy = Join-Path $TestDrive 'two'
        $said = Get-ImageContent "$($World.Registry)/fixture/app:1.0" /bin/ls, /etc/passwd -OutFile $copy -ErrorVariable errors -ErrorAction SilentlyContinue -Verbose 4>&1
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'FileExists,*'
        @($said -match '/blobs/').Count | Should -Be 0
        Test-Path $copy | Should -BeFalse
    }

    It 'fetches only the layers that decide' {
        Skip-Without App
        $name = "$($World.Registry)/fixture/app:1.0"
        $layers = @(Get-ImageLayer $name)
        $top = $layers | Where-Object CreatedBy -Match 'COPY dir'
        $lines = Get-ImageContent $name /srv/data/motd -Verbose 4>&1
        $fetched = @($layers | Where-Object { $digest = $_.Digest; $lines -match "GET .*$digest" })
        $fetched.Layer | Should -Be @($layers | Where-Object Layer -GE $top.Layer | ForEach-Object Layer)
    }

    It 'says what is wrong: <Path> is <Id>' -ForEach @(
        @{ Path = '/srv/none'; Id = 'FileNotFound' }, @{ Path = '/srv'; Id = 'NotAFile' }, @{ Path = '/srv/../x'; Id = 'InvalidFilePath' }
        @{ Path = '/srv/data/one.txt'; Id = 'FileNotFound' }, @{ Path = '/srv/*'; Id = 'FileNotFound' }
    ) {
        Skip-Without App
        Get-ImageContent "$($World.Registry)/fixture/app:1.0" $Path -ErrorVariable errors -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $errors[0].FullyQualifiedErrorId | Should -BeLike "$Id,*"
    }

    It 'takes files from the pipeline' {
        Skip-Without App
        $texts = Get-ImageFile "$($World.Registry)/fixture/app:1.0" -FilePath '/srv/data/*' | Get-ImageContent
        $texts | Should -Be 'welcome', 'one'
    }
}
