BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $app = @(Get-AppPlace)
    $multi = @(Get-MultiPlace)
    $single = @(Get-SinglePlace)
}
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    if ($World['App']) { $peer = docker image inspect fixture/app:1.0 | ConvertFrom-Json -AsHashtable }
}

Describe 'Get-ImageConfig' {
    Context 'the image that the engine built, in <Place>' -ForEach $app {
        BeforeAll { $config = if ($World[$Key] -and $World['App']) { Get-ImageConfig $Name } }
        It 'has the id and the diff ids that the engine says' {
            Skip-Without App, $Key
            # what is converted to OCI has another config, and so another id
            $config.ImageId | Should -BeExactly ($Place -match 'OCI' ? (Get-PeerRaw "docker://$($World.Registry)/fixture/app:oci").config.digest : $peer.Id)
            $config.DiffIds | Should -Be $peer.RootFS.Layers
            $config.Platform | Should -BeExactly 'linux/amd64'
        }
        It 'has the environment as a list and by name' {
            Skip-Without App, $Key
            $config.EnvList | Should -Be $peer.Config.Env
            $config.Env.COLOUR | Should -BeExactly 'blue'
            $config.Env['GREETING'] | Should -BeExactly 'hello world'
            @($config.Env.Keys) | Should -Be 'PATH', 'COLOUR', 'GREETING'
        }
        It 'has every execution parameter' {
            Skip-Without App, $Key
            $config.Entrypoint | Should -Be $peer.Config.Entrypoint
            $config.Cmd | Should -Be $peer.Config.Cmd
            $config.WorkingDir | Should -BeExactly $peer.Config.WorkingDir
            $config.User | Should -BeExactly $peer.Config.User
            $config.StopSignal | Should -BeExactly $peer.Config.StopSignal
            $config.ExposedPorts | Sort-Object | Should -Be @($peer.Config.ExposedPorts.Keys | Sort-Object)
            $config.Volumes | Should -Be @($peer.Config.Volumes.Keys)
            foreach ($label in $peer.Config.Labels.Keys) { $config.Labels[$label] | Should -BeExactly $peer.Config.Labels[$label] }
            $config.Labels.Count | Should -Be $peer.Config.Labels.Count
            if ($Place -match 'OCI') { return } # OCI configs have no health check
            $config.Healthcheck.Test | Should -Be $peer.Config.Healthcheck.Test
            $config.Healthcheck.Interval | Should -Be ([timespan]::FromSeconds(30))
            $config.Healthcheck.Retries | Should -Be 2
        }
        It 'has a date that can be subtracted' {
            Skip-Without App, $Key
            $config.Created | Should -BeOfType ([datetime])
            ((Get-Date) - $config.Created).TotalHours | Should -BeLessThan 24
        }
    }

    It 'gives exact bytes, whose sha256sum is the image id, for <Place>' -ForEach ($single + $multi) {
        Skip-Without Registry, $Key
        $config = Get-ImageConfig $Name -Platform linux/amd64
        $file = Join-Path $TestDrive "$([guid]::NewGuid())"
        [IO.File]::WriteAllBytes($file, $config.GetBytes())
        Get-FileSha256 $file | Should -BeExactly $config.ImageId
        $config.DiffIds | Should -Be (Get-PeerConfig $Peer amd64).rootfs.diff_ids
        $config.ImageId | Should -BeExactly (Get-PeerChild $Peer amd64).config.digest
    }

    It 'chooses by -Platform in <Place>' -ForEach $multi {
        Skip-Without Registry, $Key
        $config = Get-ImageConfig $Name -Platform linux/arm64
        $config.Architecture | Should -BeExactly 'arm64'
        $config.ImageId | Should -BeExactly (Get-PeerChild $Peer arm64).config.digest
    }

    It 'marks the registry digests of a local image as the engine''s claim' {
        Skip-Without App, Docker
        $config = Get-ImageConfig docker-daemon:fixture/app:1.0
        $config.IsExact | Should -BeFalse
        $config.RegistryDigests | Should -Be $peer.RepoDigests
    }

    It 'knows the image by its id in the engine' {
        Skip-Without App, Docker
        (Get-ImageConfig "docker-daemon:$($World.AppId)").ImageId | Should -BeExactly $World.AppId
    }

    It 'reads the image from Podman' {
        Skip-Without App, Podman
        $env:DOCKER_HOST = $World.Podman
        try { $config = Get-ImageConfig docker-daemon:localhost/fixture/app:1.0 } finally { $env:DOCKER_HOST = $World.Docker }
        $config.EnvList | Should -Be $peer.Config.Env
        $config.DiffIds | Should -Be $peer.RootFS.Layers
        $config.ImageId | Should -BeExactly $peer.Id
    }

    It 'says EngineNotReachable where no engine answers' {
        $saved = $env:DOCKER_HOST
        $env:DOCKER_HOST = "unix://$TestDrive/nobody.sock"
        try { Get-ImageConfig docker-daemon:fixture/app:1.0 -ErrorAction SilentlyContinue -ErrorVariable failure } finally { $env:DOCKER_HOST = $saved }
        $failure.FullyQualifiedErrorId | Should -BeExactly 'EngineNotReachable,OciTools.Commands.GetImageConfigCommand'
    }

    It 'says ImageNotFound for an image that the engine does not have' {
        Skip-Without App, Docker
        Get-ImageConfig docker-daemon:fixture/none:1.0 -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.FullyQualifiedErrorId | Should -BeExactly 'ImageNotFound,OciTools.Commands.GetImageConfigCommand'
    }
}
