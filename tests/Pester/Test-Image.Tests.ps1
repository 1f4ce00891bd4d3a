BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $app = @(Get-AppPlace)
    $multi = @(Get-MultiPlace)
    $single = @(Get-SinglePlace)
}
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')

    # A copy of the two-platform layout that a test may break.
    function Copy-Layout {
        $copy = Join-Path $TestDrive ([guid]::NewGuid().ToString('n'))
        Copy-Item $World.Sample $copy -Recurse
        $copy
    }
    function Get-BlobFile([string] $Layout, [string] $Digest) { Join-Path $Layout 'blobs' 'sha256' $Digest.Substring(7) }
    function Get-FailedCheck($Result) { $Result.Checks | Where-Object -Not Passed }
}

Describe 'Test-Image' {
    It 'finds every platform whole, with the digests that skopeo has, in <Place>' -ForEach $multi {
        Skip-Without Registry, $Key
        $result = Test-Image $Name -ErrorAction Stop
        Get-FailedCheck $result | Should -BeNullOrEmpty
        $result.Passed | Should -BeTrue
        $result.Digest | Should -BeExactly (Get-PeerDigest $Peer)
        foreach ($architecture in 'amd64', 'arm64') {
            $child = Get-PeerChild $Peer $architecture
            $own = @($result.Checks | Where-Object Platform -Like "linux/$architecture*")
            ($own | Where-Object Subject -EQ Layer).Digest | Should -Be $child.layers.digest
            ($own | Where-Object Subject -EQ Config).Digest | Should -BeExactly $child.config.digest
            ($own | Where-Object Subject -EQ DiffId).Actual | Should -Be (Get-PeerConfig $Peer $architecture).rootfs.diff_ids
            @($own | Where-Object Subject -EQ Platform).Count | Should -Be 1
        }
    }

    It 'finds the single image whole in <Place>' -ForEach $single {
        Skip-Without Registry, $Key
        $result = Test-Image $Name -ErrorAction Stop
        Get-FailedCheck $result | Should -BeNullOrEmpty
        ($result.Checks | Where-Object Subject -EQ Layer).Digest | Should -Be (Get-PeerRaw $Peer).layers.digest
    }

    It 'proves the diff ids that docker names, for the image in <Place>' -ForEach $app {
        Skip-Without App, $Key
        $result = Test-Image $Name -ErrorAction Stop
        $result.Passed | Should -BeTrue
        ($result.Checks | Where-Object Subject -EQ DiffId).Actual | Should -Be @(docker image inspect -f '{{join .RootFS.Layers "\n"}}' fixture/app:1.0)
    }

    It 'proves an image in Podman' {
        Skip-Without App, Podman
        $env:DOCKER_HOST = $World.Podman
        try { $result = Test-Image docker-daemon:localhost/fixture/app:1.0 -ErrorAction Stop } finally { $env:DOCKER_HOST = $World.Docker }
        $result.Passed | Should -BeTrue
        @($result.Checks | Where-Object Subject -EQ DiffId).Count | Should -Be (Get-PeerRaw "docker://$($World.Registry)/fixture/app:1.0").layers.Count
    }

    It 'sees a changed byte of one layer, says what sha256sum says, and fails no other check' {
        $layout = Copy-Layout
        $layer = @(Get-ImageLayer $layout -Platform linux/arm64)[-1]
        $file = Get-BlobFile $layout $layer.Digest
        $bytes = [IO.File]::ReadAllBytes($file)
        $bytes[-20] = $bytes[-20] -bxor 1
        [IO.File]::WriteAllBytes($file, $bytes)
        $failed = @(Get-FailedCheck (Test-Image $layout))
        $failed.Subject | Select-Object -Unique | Should -Be 'Layer'
        $failed.Digest | Select-Object -Unique | Should -BeExactly $layer.Digest
        $failed[0].ErrorId | Should -BeExactly 'DigestMismatch'
        $failed[0].Expected | Should -BeExactly $layer.Digest
        $failed[0].Actual | Should -BeExactly (Get-FileSha256 $file)
    }

    It 'sees a blob that is cut, also with -Fast, and one that is changed only without' {
        $layout = Copy-Layout
        $config = (Get-ImageManifest $layout -Platform linux/amd64).Config
        $file = Get-BlobFile $layout $config.Digest
        $text = [IO.File]::ReadAllText($file)
        [IO.File]::WriteAllText($file, $text.Replace('amd64', 'amd65'))
        (Test-Image $layout -Fast).Passed | Should -BeTrue
        (Get-FailedCheck (Test-Image $layout)).Subject | Should -Be 'Config'
        [IO.File]::WriteAllText($file, $text.Substring(1))
        (Get-FailedCheck (Test-Image $layout -Fast)).ErrorId | Should -Be 'SizeMismatch'
        Remove-Item $file
        (Get-FailedCheck (Test-Image $layout -Fast)).ErrorId | Should -Be 'BlobNotFound'
    }

    It 'sees that one platform is missing, and not when the other is asked for' {
        $layout = Copy-Layout
        $arm64 = (Get-ImageManifest $layout).Manifests | Where-Object Platform -Like '*arm64*'
        Remove-Item (Get-BlobFile $layout $arm64.Digest)
        $failed = @(Get-FailedCheck (Test-Image $layout))
        $failed.Count | Should -Be 1
        $failed.Platform | Should -BeExactly $arm64.Platform
        $failed.ErrorId | Should -BeExactly 'ImageNotFound'
        (Test-Image $layout -Platform linux/amd64).Passed | Should -BeTrue
    }

    It 'reads no blob of a registry with -Fast' {
        Skip-Without Registry
        $lines = Test-Image "$($World.Registry)/fixture/multi:1.0" -Fast -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] } | ForEach-Object Message
        @($lines -match 'HEAD \S*/blobs/').Count | Should -BeGreaterThan 3
        $lines -match 'GET \S*/blobs/' | Should -BeNullOrEmpty
    }

    It 'gives a Boolean with -Quiet that serves in a condition' {
        $layout = Copy-Layout
        $value = Test-Image $layout -Quiet
        $value | Should -BeOfType ([bool])
        if (Test-Image $layout -Quiet) { $way = 'whole' } else { $way = 'broken' }
        $way | Should -BeExactly 'whole'
        Get-ChildItem (Join-Path $layout 'blobs' 'sha256') | Sort-Object Length | Select-Object -Last 1 | Remove-Item
        if (Test-Image $layout -Quiet) { $way = 'whole' } else { $way = 'broken' }
        $way | Should -BeExactly 'broken'
    }

    It 'gives $false without an error for an image that is not there' {
        Skip-Without Registry
        foreach ($absent in "$($World.Registry)/fixture/none:1.0", "$($World.Registry)/fixture/multi:none", (Join-Path $TestDrive 'nothing.tar'), "oci:$($World.Sample):none") {
            Test-Image $absent -Quiet -ErrorVariable failure | Should -BeFalse
            $failure | Should -BeNullOrEmpty
            $result = Test-Image $absent -ErrorAction Stop
            $result.Passed | Should -BeFalse
            $result.Checks[0].ErrorId | Should -BeIn 'ImageNotFound', 'PathNotFound'
        }
    }

    It 'gives $false and an error with -Quiet where it could not be tested: <Because>' -ForEach @(
        @{ Because = 'nobody answers'; Image = '127.0.0.1:1/fixture/app:1.0'; Id = 'ConnectionFailed' }
        @{ Because = 'the name is none'; Image = 'app:no tag'; Id = 'InvalidImageName' }
    ) {
        $value = @(Test-Image $Image -Quiet -ErrorAction SilentlyContinue -ErrorVariable failure)
        $value.Count | Should -Be 1
        $value[0] | Should -BeFalse
        $failure.FullyQualifiedErrorId | Should -BeExactly "$Id,OciTools.Commands.TestImageCommand"
        Test-Image $Image -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
    }

    It 'keeps the order of its input, with $false for what could not be tested' {
        $names = "oci:$($World.Sample):1.0", '127.0.0.1:1/none:1', "oci:$($World.Sample):1.0"
        $names | Test-Image -Quiet -ErrorAction SilentlyContinue | Should -Be $true, $false, $true
    }

    It 'is a table and a list of at most 100 columns, as are its checks' {
        $PSStyle.OutputRendering = 'PlainText'
        $results = @(Test-Image "oci:$($World.Sample):1.0"; Test-Image "oci:$($World.Sample):none")
        foreach ($shown in ($results | Out-String -Width 100), ($results | Format-List | Out-String -Width 100), ($results[0].Checks | Out-String -Width 100), ($results[1].Checks | Format-List | Out-String -Width 100)) {
            $shown -split '\r?\n' | Where-Object { $_.Length -gt 100 -or $_ -match '[\x00-\x1f\x7f]' } | Should -BeNullOrEmpty
        }
        ($results | Out-String -Width 100) -split '\r?\n' | Where-Object { $_ } | Should -HaveCount 4
        $results[1] | Format-List | Out-String -Width 100 | Should -Match '(?m)^Checks +: 1, of which 1 failed'
    }

    It 'survives Clixml with its checks, and its objects are names of images' {
        $result = Test-Image "oci:$($World.Sample):1.0"
        $file = Join-Path $TestDrive 'result.xml'
        $result | Export-Clixml $file -Depth 1
        (Import-Clixml $file).Checks[0].Image | Should -BeExactly $result.Checks[0].Image
        "$result" | Should -BeExactly $result.Image
        foreach ($check in $result.Checks | Sort-Object Image -Unique) { ($check | Get-ImageDigest -ErrorAction Stop).Image | Should -BeExactly $check.Image }
    }
}
