# The programs that the benchmarks of layers and files compare with; as root on Debian missing ones are installed.
function Install-BenchTool {
    # command -> Debian package
    $tools = [ordered]@{
        'docker-registry' = 'docker-registry'; dockerd = 'docker.io'; docker = 'docker.io'; skopeo = 'skopeo'; umoci = 'umoci'
        debootstrap = 'debootstrap'; igzip = 'isal'; curl = 'curl'; openssl = 'openssl'
    }
    $missing = @($tools.Keys | Where-Object { -not (Get-Command $_ -CommandType Application -ErrorAction Ignore) })
    if (-not $missing) { return }
    $packages = @($missing | ForEach-Object { $tools[$_] } | Sort-Object -Unique)
    Write-Host "Installing $($packages -join ', ')"
    # exit code 101 is the distribution's way to say that no service is to be started
    $policy = '/usr/sbin/policy-rc.d'
    $isOurPolicy = -not (Test-Path $policy)
    try {
        if ($isOurPolicy) {
            Set-Content $policy "#!/bin/sh`nexit 101"
            chmod 755 $policy
        }
        $env:DEBIAN_FRONTEND = 'noninteractive'
        apt-get -qq update *> $null
        apt-get -qq install -y --no-install-recommends @packages *> $null
        if ($LASTEXITCODE) { throw "These programs are needed and could not be installed: $($missing -join ', ')." }
    }
    finally { if ($isOurPolicy) { Remove-Item $policy -Force -ErrorAction Ignore } }
}
